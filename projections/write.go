package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// loadedAtOnce is how many rows are written without a rest while commands come in: each commit of theirs waits until what was written
// before it is on the disk.
const loadedAtOnce = 100

// loadGently loads rows so that commands go first.
func (b *build[R]) loadGently(ctx context.Context, conn *sql.Conn, tx *sql.Tx, t table, rows []pending) error {
	for len(rows) > 0 {
		n := len(rows)
		if b.model.reader.gate.busy() {
			n = min(n, loadedAtOnce)
		}
		some := rows[:n]
		rows = rows[n:]
		err := b.model.reader.gate.work(ctx, 1, func(int) error { return b.model.dialect.load(ctx, conn, tx, t, some) })
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes a chunk and moves the checkpoint, if the build still owns the generation and stands where it thinks.
func (b *build[R]) write(ctx context.Context, conn *sql.Conn, tx *sql.Tx, c *chunk, load bulkLoad) error {
	if err := b.move(ctx, tx, c.upTo); err != nil {
		return err
	}
	if err := load(ctx, conn, tx, b.table, c.rows); err != nil {
		return err
	}
	for _, parked := range c.parked {
		_, err := tx.ExecContext(ctx, `INSERT INTO parked (consumer, key, error, attempts, parked_at) VALUES ($1, $2, $3, 1, now_ms())`,
			b.name, parked.Key, subscription.Storable(parked.Err.Error()))
		if err != nil {
			return err
		}
	}
	for _, s := range c.skipped {
		_, err := tx.ExecContext(ctx, `INSERT INTO parked_positions (consumer, key, position, event_id) VALUES ($1, $2, $3, $4)`,
			b.name, s.key, s.event.Position, s.event.EventID.String())
		if err != nil {
			return err
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

// fill folds the log into the generation up to last, or to the log's end if that is nearer, each chunk in a transaction of its own, and
// tells of each. It folds the next chunk while one is written.
func (b *build[R]) fill(ctx context.Context, last int64, tell func(position int64)) error {
	ctx, cancel := context.WithCancel(ctx)
	lane := b.model.reader.lane(b.at.Position, b.model.pageSize, true)
	defer lane.close()
	defer cancel()
	load := b.model.dialect.load
	if b.model.dialect.shared {
		load = b.loadGently
	}
	w := &writer{write: func(c *chunk) error {
		err := b.model.inTx(ctx, func(conn *sql.Conn, tx *sql.Tx) error { return b.write(ctx, conn, tx, c, load) })
		if err == nil {
			b.at = c.upTo
			tell(c.upTo.Position)
		}
		return err
	}}
	work := func(parts int, do func(int) error) error { return b.model.reader.gate.work(ctx, parts, do) }
	return errors.Join(b.pages(ctx, b.model.db.Read, work, lane, last, w), w.flush())
}

// fillIn does the same inside one transaction that is open already, and waits for no other build.
func (b *build[R]) fillIn(ctx context.Context, conn *sql.Conn, tx *sql.Tx, last int64) error {
	ctx, cancel := context.WithCancel(ctx)
	lane := b.model.reader.lane(b.at.Position, b.model.pageSize, false)
	defer lane.close()
	defer cancel()
	w := &writer{atOnce: true, write: func(c *chunk) error {
		err := b.write(ctx, conn, tx, c, b.model.dialect.load)
		if err == nil {
			b.at = c.upTo
		}
		return err
	}}
	return b.pages(ctx, tx, oneByOne, lane, last, w)
}

// oneByOne does the little that is left to fold while somebody is held up.
func oneByOne(parts int, do func(part int) error) error {
	for part := range parts {
		if err := do(part); err != nil {
			return err
		}
	}
	return nil
}

// pages folds page after page, and hands a chunk to the writer when it is full, and at the end.
func (b *build[R]) pages(ctx context.Context, db subscription.Querier, work atWork, lane *lane, last int64, w *writer) error {
	for {
		p, err := lane.page(ctx, b.chunk.upTo.Position, last)
		if err != nil {
			return err
		}
		end := len(p.events) == 0
		if !end {
			if err := b.fold(ctx, db, work, p, w.flush); err != nil {
				return err
			}
		}
		if b.full() || end && b.chunk.events > 0 {
			if err := w.flush(); err != nil { // so that no more than one chunk is in memory as it is written
				return err
			}
			c, err := b.seal(work)
			if err != nil {
				return err
			}
			if err := w.begin(c); err != nil {
				return err
			}
		}
		if end {
			return w.flush()
		}
	}
}

// writer writes one chunk at a time, beside its caller.
type writer struct {
	write  func(*chunk) error
	atOnce bool // not beside its caller: both use one transaction
	begun  chan error
}

// begin begins to write a chunk, when the one before it is written.
func (w *writer) begin(c *chunk) error {
	if w.atOnce {
		return w.write(c)
	}
	w.begun = make(chan error, 1)
	go func(done chan<- error) { done <- w.write(c) }(w.begun)
	return nil
}

// flush waits until what was begun is written.
func (w *writer) flush() error {
	if w.begun == nil {
		return nil
	}
	err := <-w.begun
	w.begun = nil
	return err
}
