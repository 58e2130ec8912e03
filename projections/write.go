package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// park parks a key whose delivery number good can not be folded: its row stays as it was before that, and every later
// position is kept, as live does it.
func (b *build[R]) park(ctx context.Context, db subscription.Querier, p *page, w subscription.Work, good int, cause error) error {
	p.parked = append(p.parked, &subscription.ParkError{Key: w.Key, Err: cause})
	p.skipped = append(p.skipped, subscription.Work{Key: w.Key, Deliveries: w.Deliveries[good:]})
	b.parked[w.Key] = true
	if good == 0 {
		return nil
	}
	bodies, err := b.table.load(ctx, db, []string{w.Key}) // what was in memory is spoilt
	if err != nil {
		return err
	}
	row, err := decode[R](bodies[w.Key])
	if err != nil {
		return err
	}
	if row, _, err = b.model.projection.fold(row, w.Deliveries[:good]); err != nil {
		return err
	}
	return b.add(p, w.Key, row, bodies[w.Key] != nil)
}

// write writes a page and moves the checkpoint, if the build still owns the generation and stands where it thinks.
func (b *build[R]) write(ctx context.Context, conn *sql.Conn, tx *sql.Tx, p *page) error {
	if err := b.move(ctx, tx, p.upTo); err != nil {
		return err
	}
	if err := b.model.dialect.load(ctx, conn, tx, b.table, p.rows); err != nil {
		return err
	}
	for _, parked := range p.parked {
		_, err := tx.ExecContext(ctx, `INSERT INTO parked (consumer, key, error, attempts, parked_at) VALUES ($1, $2, $3, 1, now_ms())`,
			b.name, parked.Key, subscription.Storable(parked.Err.Error()))
		if err != nil {
			return err
		}
	}
	for _, w := range p.skipped {
		for _, d := range w.Deliveries {
			_, err := tx.ExecContext(ctx, `INSERT INTO parked_positions (consumer, key, position, event_id) VALUES ($1, $2, $3, $4)`,
				b.name, w.Key, d.Position, d.EventID.String())
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// move moves the checkpoint, by compare-and-set. A build that another process has taken over gets ErrLeaseLost.
func (b *build[R]) move(ctx context.Context, tx *sql.Tx, to eventstore.Checkpoint) error {
	result, err := tx.ExecContext(ctx, `
		UPDATE consumers SET position = $1, event_id = $2, heartbeat_at = now_ms()
		WHERE name = $3 AND epoch = $4 AND position = $5`,
		to.Position, to.EventID.String(), b.name, b.epoch, b.at.Position)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("%w: somebody else builds %s now", subscription.ErrLeaseLost, b.name), err)
	}
	return nil
}

// fill folds the log into the generation up to last, or to the log's end if that is nearer, each page in a transaction of
// its own, and tells each page.
func (b *build[R]) fill(ctx context.Context, last int64, tell func(position int64)) error {
	return b.pages(ctx, b.model.db.Read, last, func(p *page) error {
		err := b.model.inTx(ctx, func(conn *sql.Conn, tx *sql.Tx) error { return b.write(ctx, conn, tx, p) })
		if err == nil {
			tell(p.upTo.Position)
		}
		return err
	})
}

// fillIn does the same inside one transaction that is open already.
func (b *build[R]) fillIn(ctx context.Context, conn *sql.Conn, tx *sql.Tx, last int64) error {
	return b.pages(ctx, tx, last, func(p *page) error { return b.write(ctx, conn, tx, p) })
}

// pages folds page after page, reading the next one meanwhile.
func (b *build[R]) pages(ctx context.Context, db subscription.Querier, last int64, write func(*page) error) error {
	ctx, cancel := context.WithCancel(ctx)
	next := b.fetch(ctx, b.at.Position, last)
	defer func() {
		cancel()
		if next != nil {
			<-next
		}
	}()
	for {
		page := <-next
		next = nil
		if page.err != nil || len(page.records) == 0 {
			return page.err
		}
		next = b.fetch(ctx, page.records[len(page.records)-1].Position, last)
		p, err := b.prepare(ctx, db, page.records)
		if err != nil {
			return err
		}
		if err := write(p); err != nil {
			return err
		}
		b.at = p.upTo
	}
}

// byKey groups records by the keys they concern, keeping their order.
func byKey(records []eventstore.Record, keys subscription.Keys) ([]subscription.Work, error) {
	place := map[string]int{}
	var work []subscription.Work
	for _, record := range records {
		ks, err := keys(record)
		if err != nil {
			return nil, errors.Join(subscription.ErrStop, err)
		}
		for _, key := range ks {
			i, ok := place[key]
			if !ok {
				i = len(work)
				place[key] = i
				work = append(work, subscription.Work{Key: key})
			}
			work[i].Deliveries = append(work[i].Deliveries, subscription.Delivery{Record: record})
		}
	}
	return work, nil
}
