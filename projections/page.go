package projections

import (
	"context"
	"errors"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// cacheRows bounds how many rows a build keeps in memory between pages.
const cacheRows = 20_000

// build is somebody filling a generation from the log, page by page, each in a transaction with its checkpoint. After an
// error it is thrown away: the next one goes on from the checkpoint.
type build[R any] struct {
	model  *Model[R]
	name   string // as a consumer
	table  table
	epoch  int64
	at     eventstore.Checkpoint
	rows   map[string]R // as the table has them
	parked map[string]bool
}

// page is some of the log, folded and ready to be written.
type page struct {
	upTo    eventstore.Checkpoint
	rows    []pending
	parked  []*subscription.ParkError
	skipped []subscription.Work
}

// resume takes a generation over.
func (m *Model[R]) resume(ctx context.Context, generation int64) (*build[R], error) {
	epoch, at, err := m.take(ctx, generation)
	if err != nil {
		return nil, err
	}
	b := &build[R]{
		model: m, name: consumerName(m.projection.Name, generation), table: m.projection.table(generation),
		epoch: epoch, at: at, rows: map[string]R{}, parked: map[string]bool{},
	}
	if err := subscription.Check(ctx, m.store, at); err != nil { // the log may have been swapped since it was begun
		return nil, err
	}
	return b, b.loadParked(ctx)
}

func (b *build[R]) loadParked(ctx context.Context) error {
	rows, err := b.model.db.Read.QueryContext(ctx, `SELECT key FROM parked WHERE consumer = $1`, b.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return err
		}
		b.parked[key] = true
	}
	return rows.Err()
}

// fetched is a part of the log, or why it could not be read.
type fetched struct {
	records []eventstore.Record
	err     error
}

// fetch reads the records after a position, at most a page and none after last. It works while the caller does something
// else, and always answers.
func (b *build[R]) fetch(ctx context.Context, after, last int64) <-chan fetched {
	answer := make(chan fetched, 1)
	limit := min(int64(b.model.pageSize), last-after)
	if limit <= 0 {
		answer <- fetched{}
		return answer
	}
	go func() {
		records, err := b.model.store.Read(ctx, eventstore.Query{After: after, Limit: int(limit)})
		answer <- fetched{records, err}
	}()
	return answer
}

// prepare folds records that follow the checkpoint.
func (b *build[R]) prepare(ctx context.Context, db subscription.Querier, records []eventstore.Record) (*page, error) {
	work, err := byKey(records, b.model.projection.Keys)
	if err != nil {
		return nil, err
	}
	stored, err := b.load(ctx, db, work)
	if err != nil {
		return nil, err
	}
	tail := records[len(records)-1]
	p := &page{upTo: eventstore.Checkpoint{LogID: b.at.LogID, Position: tail.Position, EventID: tail.EventID}}
	for _, w := range work {
		if err := b.fold(ctx, db, p, w, stored[w.Key]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// load fetches the rows that a page changes and that are not in memory. It returns their bodies.
func (b *build[R]) load(ctx context.Context, db subscription.Querier, work []subscription.Work) (map[string][]byte, error) {
	if len(b.rows) > cacheRows {
		clear(b.rows)
	}
	var missing []string
	for _, w := range work {
		if _, cached := b.rows[w.Key]; !cached && !b.parked[w.Key] {
			missing = append(missing, w.Key)
		}
	}
	return b.table.load(ctx, db, missing)
}

// fold adds one key's row to a page. A key that can not be folded is parked, its row as it was before that event.
func (b *build[R]) fold(ctx context.Context, db subscription.Querier, p *page, w subscription.Work, body []byte) error {
	if b.parked[w.Key] {
		p.skipped = append(p.skipped, w)
		return nil
	}
	row, stored := b.rows[w.Key]
	if stored {
		delete(b.rows, w.Key) // folding spoils it
	} else {
		var err error
		if row, err = decode[R](body); err != nil {
			return err
		}
		stored = body != nil
	}
	row, folded, err := b.model.projection.fold(row, w.Deliveries)
	if errors.Is(err, subscription.ErrStop) {
		return err
	}
	if err != nil {
		return b.park(ctx, db, p, w, folded, err)
	}
	return b.add(p, w.Key, row, stored)
}

func (b *build[R]) add(p *page, key string, row R, stored bool) error {
	values, err := b.model.projection.encode(key, row)
	if err != nil {
		return err
	}
	p.rows = append(p.rows, pending{values, stored})
	b.rows[key] = row
	return nil
}
