package subscription

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// read returns the records after a checkpoint as deliveries: at most limit, unless one command wrote more, and never a part
// of a command, so that nobody sees half of one. more tells that the log goes on. The record at the checkpoint is read too
// and compared: a log that was restored from an older backup, or swapped, is ErrDiverged.
func read(ctx context.Context, store *eventstore.Store, from eventstore.Checkpoint, limit int) (batch []Delivery, more bool, err error) {
	after := max(from.Position-1, 0)
	records := store.Recent(after, limit+1)
	if len(records) == 0 || records[len(records)-1].Position <= from.Position { // nothing new in them, perhaps in the log
		if records, err = store.Read(ctx, eventstore.Query{After: after, Limit: limit + 1}); err != nil {
			return nil, false, err
		}
	}
	if from.Position > 0 {
		if len(records) == 0 || records[0].EventID != from.EventID {
			if err := Check(ctx, store, from); err != nil {
				return nil, false, err
			}
			return nil, false, fmt.Errorf("%w: event %s at position %d was there a moment ago", ErrDiverged, from.EventID, from.Position)
		}
		records = records[1:]
	}
	more = len(records) >= limit
	if more {
		if records, err = wholeCommands(ctx, store, records); err != nil {
			return nil, false, err
		}
	}
	return link(store.LogID(), from.EventID, records), more, nil
}

// wholeCommands drops the last command of a page, which may be cut off, or reads the rest of it if it is the only one.
func wholeCommands(ctx context.Context, store *eventstore.Store, page []eventstore.Record) ([]eventstore.Record, error) {
	last := page[len(page)-1].CommandID
	for i := len(page) - 1; i >= 0; i-- {
		if page[i].CommandID != last {
			return page[:i+1], nil
		}
	}
	for {
		next, err := store.Read(ctx, eventstore.Query{After: page[len(page)-1].Position, Limit: MaxBatch})
		if err != nil {
			return nil, err
		}
		for i, record := range next {
			if record.CommandID != last {
				return append(page, next[:i]...), nil
			}
		}
		page = append(page, next...)
		if len(next) < MaxBatch {
			return page, nil
		}
	}
}

// link turns neighbouring records, ending with a whole command, into deliveries.
func link(logID, previous uuid.UUID, records []eventstore.Record) []Delivery {
	batch := make([]Delivery, len(records))
	for i, record := range records {
		batch[i] = Delivery{
			Record: record, LogID: logID, PreviousID: previous,
			CommandEnd: i == len(records)-1 || records[i+1].CommandID != record.CommandID,
		}
		previous = record.EventID
	}
	return batch
}
