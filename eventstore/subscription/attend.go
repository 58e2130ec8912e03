package subscription

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordermill/eventstore"
)

// wish is what an operator asked for about a parked key.
type wish struct{ key, what, reason string }

// attend does what was asked for about this consumer's parked keys. Only the owner does, between two batches, so what comes
// for the key meanwhile waits behind it. What fails for the moment is tried again at the next look.
func (s *session) attend(ctx context.Context) error {
	if len(s.parked) == 0 {
		return nil
	}
	wishes, err := s.wishes(ctx)
	if err != nil {
		return err
	}
	for _, w := range wishes {
		if w.what == Discard {
			err = s.discard(ctx, w)
		} else {
			err = s.retry(ctx, w)
		}
		switch {
		case errors.Is(err, ErrLeaseLost), ctx.Err() != nil:
			return err
		case err != nil:
			s.log.Warn("a parked key waits, trying again", "key", w.key, "asked", w.what, "error", err)
		}
	}
	return nil
}

func (s *session) wishes(ctx context.Context) (all []wish, err error) {
	rows, err := s.db.Read.QueryContext(ctx, `SELECT key, asked, reason FROM parked WHERE consumer = $1 AND asked <> '' ORDER BY key`, s.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var w wish
		if err := rows.Scan(&w.key, &w.what, &w.reason); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, rows.Err()
}

// retry replays what was skipped for a key, in order, a batch at a time. The key is parked until the last batch is through, so
// nobody reads what is half done, and a crash goes on from there. An event that this program does not know leaves the key
// parked like any other failure: the consumer is past it already.
func (s *session) retry(ctx context.Context, w wish) error {
	for {
		work, err := s.skippedWork(ctx, w.key)
		if err != nil {
			return err
		}
		done, err := s.again(ctx, s, work)
		var parked *ParkError
		switch {
		case errors.As(err, &parked), errors.Is(err, ErrStop):
			s.log.Error("key stays parked", "key", w.key, "error", err)
			return s.parkAgain(ctx, w.key, err)
		case err != nil:
			return err
		case done:
			s.log.Info("key goes on after a retry", "key", w.key)
			delete(s.parked, w.key)
			return nil
		}
	}
}

// skippedWork reads the oldest records that were skipped for a key.
func (s *session) skippedWork(ctx context.Context, key string) (Work, error) {
	work := Work{Key: key}
	pointers, err := s.db.skipped(ctx, s.name, key, MaxBatch)
	if err != nil {
		return work, err
	}
	for _, p := range pointers {
		d, err := readAt(ctx, s.store, p)
		if err != nil {
			return work, err
		}
		work.Deliveries = append(work.Deliveries, d)
	}
	return work, nil
}

// readAt reads one record with its place among its neighbours.
func readAt(ctx context.Context, store *eventstore.Store, p pointer) (Delivery, error) {
	after := max(p.position-2, 0)
	i := int(p.position - after - 1)
	records, err := store.Read(ctx, eventstore.Query{After: after, Limit: i + 2})
	if err != nil {
		return Delivery{}, err
	}
	deliveries := link(store.LogID(), [16]byte{}, records) // position 1 has nothing before it
	if i >= len(deliveries) || deliveries[i].EventID.String() != p.eventID {
		return Delivery{}, fmt.Errorf("%w: event %s was skipped at position %d, the log says otherwise", ErrDiverged, p.eventID, p.position)
	}
	return deliveries[i], nil
}

// reproject applies skipped records in the transaction that takes them off the list.
func (s *session) reproject(ctx context.Context, p Projector, w Work) (done bool, err error) {
	err = s.asOwner(ctx, func(tx *sql.Tx) error {
		if done, err = s.unskip(ctx, tx, w); err != nil || len(w.Deliveries) == 0 {
			return err
		}
		return p.Apply(ctx, tx, []Work{w})
	})
	return done, err
}

// rereact lets a reactor act on skipped records, and then takes them off the list.
func (s *session) rereact(ctx context.Context, r Reactor, w Work) (done bool, err error) {
	if len(w.Deliveries) > 0 {
		if err := reactSafely(ctx, r, w); err != nil {
			return false, err
		}
	}
	err = s.asOwner(ctx, func(tx *sql.Tx) error {
		done, err = s.unskip(ctx, tx, w)
		return err
	})
	return done, err
}

// unskip takes records off the list of what was skipped; done tells that they were the last, and the key is parked no more.
func (s *session) unskip(ctx context.Context, tx *sql.Tx, w Work) (done bool, err error) {
	if n := len(w.Deliveries); n > 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM parked_positions WHERE consumer = $1 AND key = $2 AND position <= $3`,
			s.name, w.Key, w.Deliveries[n-1].Position)
		if err != nil {
			return false, err
		}
	}
	result, err := tx.ExecContext(ctx, `
		DELETE FROM parked WHERE consumer = $1 AND key = $2
		AND NOT EXISTS (SELECT 1 FROM parked_positions s WHERE s.consumer = $1 AND s.key = $2)`, s.name, w.Key)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// parkAgain notes that a retry has failed; word that came in meanwhile stays.
func (s *session) parkAgain(ctx context.Context, key string, cause error) error {
	return s.asOwner(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE parked SET error = $1, attempts = attempts + 1, asked = CASE WHEN asked = 'retry' THEN '' ELSE asked END
			WHERE consumer = $2 AND key = $3`, Storable(reasonOf(cause)), s.name, key)
		return err
	})
}

// reasonOf is why a key is parked: the cause, without saying again which key.
func reasonOf(err error) string {
	var parked *ParkError
	if errors.As(err, &parked) {
		err = parked.Err
	}
	return err.Error()
}

// discard gives up what was skipped for a key, so that the key goes on.
func (s *session) discard(ctx context.Context, w wish) error {
	err := s.asOwner(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO discarded (consumer, key, position, reason, discarded_at)
			SELECT consumer, key, position, CAST($1 AS text), now_ms() FROM parked_positions WHERE consumer = $2 AND key = $3`, w.reason, s.name, w.key)
		if err != nil {
			return err
		}
		for _, table := range []string{"parked_positions", "parked"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE consumer = $1 AND key = $2`, s.name, w.key); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.log.Warn("skipped records discarded, the key goes on", "key", w.key, "reason", w.reason)
		delete(s.parked, w.key)
	}
	return err
}

// asOwner runs work in a transaction, if this tenure still owns the consumer and stands where it thinks.
func (s *session) asOwner(ctx context.Context, work func(*sql.Tx) error) error {
	return transact(ctx, s.db.Write, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE consumers SET position = position WHERE name = $1 AND epoch = $2 AND position = $3`,
			s.name, s.lease.epoch, s.at.Position)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrLeaseLost, err)
		}
		return work(tx)
	})
}
