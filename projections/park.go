package projections

import (
	"context"
	"slices"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// park parks keys that can not be folded: the row of each is as it was before the event that failed, and that position and every
// later one are kept, as live does it. Everything before the chunk in hand must be written.
//
// What is in memory is spoilt, so these rows are folded again from what is written.
func (b *build[R]) park(ctx context.Context, db subscription.Querier, failed map[string]failure) error {
	keys := make([]string, 0, len(failed))
	var last int64
	for key, f := range failed {
		keys, last = append(keys, key), max(last, f.position)
	}
	slices.Sort(keys)
	for _, key := range keys {
		b.chunk.parked = append(b.chunk.parked, &subscription.ParkError{Key: key, Err: failed[key].err})
		b.parked[key] = true
		delete(b.shardOf(key).rows, key)
	}
	bodies, err := b.table.load(ctx, db, keys)
	if err != nil {
		return err
	}
	for at := b.at.Position; at < last-1; {
		limit := min(int64(eventstore.MaxPage), last-1-at)
		records, err := b.model.store.Read(ctx, eventstore.Query{After: at, Limit: int(limit)})
		if err != nil {
			return err
		}
		at += int64(len(records))
		if err := b.foldAgain(records, failed, bodies); err != nil {
			return err
		}
	}
	return nil
}

// foldAgain folds the records of keys that have failed, but none from there on. bodies are the stored rows.
func (b *build[R]) foldAgain(records []eventstore.Record, failed map[string]failure, bodies map[string][]byte) error {
	for _, record := range records {
		keys, err := b.model.projection.Keys(record)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if f, ok := failed[key]; !ok || record.Position >= f.position {
				continue
			}
			rows := b.shardOf(key).rows
			h, ok := rows[key]
			if !ok {
				h = &held[R]{stored: bodies[key] != nil}
				if h.row, err = decode[R](bodies[key]); err != nil {
					return err
				}
				rows[key] = h
			}
			h.chunk = b.chunk.number
			if h.row, err = b.model.projection.foldOne(h.row, record); err != nil {
				return err
			}
		}
	}
	return nil
}
