package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// live keeps one generation up to date: it is the projector that subscription runs.
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
	if err := l.stillLive(ctx, tx); err != nil {
		return err
	}
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

// stillLive ends the tenure of a process that has not noticed a flip: the checkpoint row it would move stands behind the
// pointer for good.
func (l *live[R]) stillLive(ctx context.Context, tx *sql.Tx) error {
	var generation int64
	err := tx.QueryRowContext(ctx, `SELECT generation FROM live WHERE projection = $1 AND code_version = $2`,
		l.model.projection.Name, l.model.projection.Version).Scan(&generation)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if generation != l.generation {
		raise(l.model.flipped)
		return fmt.Errorf("%w: generation %d of %s is live now, not %d", subscription.ErrLeaseLost, generation, l.model.projection.Name, l.generation)
	}
	return nil
}
