package projections

import (
	"context"
	"database/sql"
	"errors"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// live keeps one generation up to date: it is the projector that subscription runs. It may go on for a moment after the pointer
// has moved away, until its process notices: rows and checkpoint agree all the same, and nobody reads them.
type live[R any] struct {
	model      *Model[R]
	generation int64
	table      table
}

func (l *live[R]) Name() string { return consumerName(l.model.projection.Name, l.generation) }

func (l *live[R]) Keys(record eventstore.Record) ([]string, error) {
	return l.model.projection.Keys(record)
}

// Apply folds a batch into the rows it concerns.
func (l *live[R]) Apply(ctx context.Context, tx *sql.Tx, batch []subscription.Work) error {
	keys := make([]string, len(batch))
	for i, w := range batch {
		keys[i] = w.Key
	}
	bodies, err := l.table.load(ctx, tx, keys)
	if err != nil {
		return err
	}
	rows := make([][]any, len(batch))
	for i, w := range batch {
		rows[i], err = l.apply(bodies[w.Key], w)
		if errors.Is(err, subscription.ErrStop) {
			return err
		}
		if err != nil {
			return subscription.Park(w.Key, err)
		}
	}
	return l.table.upsert(ctx, tx, rows)
}

func (l *live[R]) apply(body []byte, w subscription.Work) ([]any, error) {
	row, err := decode[R](body)
	if err != nil {
		return nil, err
	}
	if row, _, err = l.model.projection.fold(row, w.Deliveries); err != nil {
		return nil, err
	}
	return l.model.projection.encode(w.Key, row)
}
