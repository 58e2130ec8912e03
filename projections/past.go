package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// Step is an event that changed a row, and the row after it.
type Step[R any] struct {
	eventstore.Record
	Row   R    // the next step may change it in place: whoever keeps it copies it
	Shown bool // queries see it
}

// Trace folds one row from the log, from its first event to the last one at or before a position: no read model is asked, so it
// is there while one is built, behind or parked. It reads only the streams of the key, from their start. An error is the
// last that is yielded: ErrParked for an event that can not be folded, subscription.ErrStop for one that is not known here.
func (p *Projection[R]) Trace(ctx context.Context, log eventstore.Reader, key string, position int64) iter.Seq2[Step[R], error] {
	return func(yield func(Step[R], error) bool) {
		if p.Streams == nil {
			yield(Step[R]{}, fmt.Errorf("%s: its keys do not tell their streams, so its rows have no past", p.Name))
			return
		}
		var row R
		for record, err := range eventstore.Streams(ctx, log, p.Streams(key), position) {
			if err == nil {
				row, err = p.foldOne(row, record)
				if err != nil && !errors.Is(err, subscription.ErrStop) {
					err = fmt.Errorf("%w: %w", ErrParked, err)
				}
			}
			if err != nil {
				yield(Step[R]{}, fmt.Errorf("%s as of position %d: %w", p.Name, position, err))
				return
			}
			if !yield(Step[R]{record, row, p.Shown == nil || p.Shown(row)}, nil) {
				return
			}
		}
	}
}

// AsOf is a key's row as it was when the log had come to a position and no further: ErrNotFound if there was none to be seen,
// and the errors of Trace.
func (p *Projection[R]) AsOf(ctx context.Context, log eventstore.Reader, key string, position int64) (Found[R], error) {
	found, shown := Found[R]{Position: position}, false
	for step, err := range p.Trace(ctx, log, key, position) {
		if err != nil {
			return found, err
		}
		found.Row, shown = step.Row, step.Shown
	}
	if !shown {
		return Found[R]{Position: position}, fmt.Errorf("%s as of position %d: %w", p.Name, position, ErrNotFound)
	}
	return found, nil
}
