package subscription

import (
	"context"
	"database/sql"
	"errors"

	"ordermill/eventstore"
	"ordermill/internal/crashpoint"
)

// NewProjector makes a consumer whose rows and checkpoint commit in one transaction, so that applying twice is applying once.
// owner is this process; the rows live in db.
func NewProjector(store *eventstore.Store, db Database, owner Owner, p Projector, options ...Option) *Consumer {
	c := newConsumer("projector", p.Name(), p.Keys, store, db, owner, options)
	c.handle = func(ctx context.Context, s *session, batch []Delivery) error { return s.project(ctx, p, batch) }
	c.again = func(ctx context.Context, s *session, w Work) (bool, error) { return s.reproject(ctx, p, w) }
	return c
}

// project applies a batch in one transaction: checkpoint first, by compare-and-set, then the rows. A key that can not be
// applied is parked and the rest is applied anew without it.
func (s *session) project(ctx context.Context, p Projector, batch []Delivery) error {
	var newly []parking
	for {
		work, skipped, err := group(batch, p.Keys, s.parked)
		if err != nil {
			return err
		}
		err = transact(ctx, s.db.Write, func(tx *sql.Tx) error {
			if err := s.advance(ctx, tx, batch[len(batch)-1]); err != nil {
				return err
			}
			if err := park(ctx, tx, s.name, newly, skipped); err != nil {
				return err
			}
			err := p.Apply(ctx, tx, work)
			crashpoint.Reach(crashpoint.BeforeProjection)
			return err
		})
		crashpoint.Reach(crashpoint.AfterProjection)
		var parked *ParkError
		if !errors.As(err, &parked) || errors.Is(err, ErrStop) {
			if err != nil {
				s.unpark(newly)
			}
			return err
		}
		s.log.Error("key parked; others go on", "key", parked.Key, "error", parked.Err)
		newly = append(newly, parking{parked.Key, parked.Err})
		s.parked[parked.Key] = true
	}
}

// unpark forgets parkings that were not committed: the next try finds them again.
func (s *session) unpark(newly []parking) {
	for _, p := range newly {
		delete(s.parked, p.key)
	}
}

// advance moves the checkpoint to a record, if this tenure still owns the consumer and stands where it thinks.
func (s *session) advance(ctx context.Context, tx *sql.Tx, to Delivery) error {
	result, err := tx.ExecContext(ctx, `
		UPDATE consumers SET position = $1, event_id = $2, error = '' WHERE name = $3 AND epoch = $4 AND position = $5`,
		to.Position, to.EventID.String(), s.name, s.lease.epoch, s.at.Position)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrLeaseLost, err)
	}
	// A checkpoint that was set back, with a restored log, finds the times of what was there before: they are nothing to stop at.
	_, err = tx.ExecContext(ctx, `
		INSERT INTO progress (consumer, position, at) VALUES ($1, $2, now_ms())
		ON CONFLICT (consumer, position) DO UPDATE SET at = excluded.at`, s.name, to.Position)
	return err
}

// group sorts a batch by key, in the order in which the keys first appear, and sets apart what belongs to parked keys.
func group(batch []Delivery, keys Keys, parked map[string]bool) (work []Work, skipped []Work, err error) {
	place := map[string]int{}
	var all []Work
	for _, d := range batch {
		ks, err := keys(d.Record)
		if err != nil {
			return nil, nil, errors.Join(ErrStop, err)
		}
		for _, key := range ks {
			i, ok := place[key]
			if !ok {
				i = len(all)
				place[key] = i
				all = append(all, Work{Key: key})
			}
			all[i].Deliveries = append(all[i].Deliveries, d)
		}
	}
	for _, w := range all {
		if parked[w.Key] {
			skipped = append(skipped, w)
		} else {
			work = append(work, w)
		}
	}
	return work, skipped, nil
}

// transact runs work in a transaction that commits if it returns nil.
func transact(ctx context.Context, db *sql.DB, work func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
