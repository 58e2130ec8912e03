package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore/subscription"
)

// Rebuild asks for a new generation, which Run builds from the log and cuts over to, here or in another process. It
// returns at once: see Progress. ErrRebuildRunning if one is running.
func (m *Model[R]) Rebuild(ctx context.Context) error {
	if _, err := m.begin(ctx, Running); err != nil {
		return fmt.Errorf("rebuild %s: %w", m.projection.Name, err)
	}
	raise(m.requested)
	return nil
}

// thawEvery bounds how much longer than its hour a frozen generation is there.
const thawEvery = time.Minute

// rebuildOnRequest builds whatever generation is asked for, in the one process that may, until ctx ends. It also goes on
// with what a process that died has left half done, freezes what is to be frozen, and drops what was frozen long enough.
func (m *Model[R]) rebuildOnRequest(ctx context.Context) error {
	var thawed time.Time
	for fresh := true; ctx.Err() == nil; fresh = false { // fresh: perhaps a newer program, so what failed may succeed now
		if time.Since(thawed) > thawEvery {
			thawed = time.Now()
			if err := m.thaw(ctx); err != nil {
				return err
			}
		}
		s, err := m.standing(ctx)
		if err != nil {
			return err
		}
		switch {
		case s.running != 0:
			err = m.build(ctx, s.running)
		case s.live == 0 && (fresh || !s.failed):
			if err = m.Rebuild(ctx); errors.Is(err, ErrRebuildRunning) {
				err = nil
			}
		case s.freeze != 0:
			err = m.freeze(ctx, s.freeze)
		default:
			wake(ctx, m.requested)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// build fills a generation, cuts over to it, and drops what nobody reads any more.
func (m *Model[R]) build(ctx context.Context, generation int64) error {
	err := m.attempt(ctx, generation, Running, Failed, func() error { return m.fillAndCutOver(ctx, generation) })
	if err != nil {
		return err
	}
	if err := m.prune(ctx); err != nil && ctx.Err() == nil {
		m.log.Warn("old generations stay until the next rebuild", "error", err)
	}
	m.tellProgress(ctx, generation)
	return nil
}

// attempt does work on a generation. What can not succeed is marked as failed, and its rows go; anything else is noted while the
// generation stays as it is, and goes on later from the checkpoint.
func (m *Model[R]) attempt(ctx context.Context, generation int64, running, failed string, work func() error) error {
	err := work()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, subscription.ErrStop), errors.Is(err, subscription.ErrDiverged):
		m.log.Error("generation failed", "generation", generation, "error", err)
		return m.fail(ctx, generation, failed, err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if noteErr := m.note(ctx, generation, running, err.Error()); noteErr != nil {
		err = errors.Join(err, noteErr)
	}
	return fmt.Errorf("generation %d, to be resumed: %w", generation, err)
}

func (m *Model[R]) fillAndCutOver(ctx context.Context, generation int64) error {
	b, err := m.resume(ctx, generation)
	if err != nil {
		return err
	}
	m.log.Info("rebuild runs", "generation", generation, "from", b.at.Position)
	tell := func(int64) { m.tellProgress(ctx, generation) }
	if err := b.fill(ctx, math.MaxInt64, tell); err != nil {
		return err
	}
	if err := m.index(ctx, generation); err != nil {
		return err
	}
	if err := b.fill(ctx, math.MaxInt64, tell); err != nil { // what came meanwhile, so that cutting over is short
		return err
	}
	if err := m.cutOver(ctx, b, generation); err != nil {
		return err
	}
	m.log.Info("rebuild done, generation is live", "generation", generation, "position", b.at.Position)
	m.known.Store(generation)
	raise(m.flipped)
	return nil
}

// index makes the indexes, after loading: that is faster.
func (m *Model[R]) index(ctx context.Context, generation int64) error {
	_, indexes := m.projection.schema(generation)
	return m.inTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		for _, statement := range indexes {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("schema of %s: %w", m.projection.Name, err)
			}
		}
		return nil
	})
}

// holdFor bounds how long a live generation is held up, or a snapshot kept, for the little that is left to fold. What does
// not get done in that time (all connections are in use) is tried again later.
const holdFor = 10 * time.Second

// cutOver makes a filled generation the live one, exactly: it holds the live one's checkpoint row, so that nobody writes
// there, brings the new rows to that position and moves the pointer. A reader sees the old rows or the new, never older ones.
func (m *Model[R]) cutOver(ctx context.Context, b *build[R], generation int64) error {
	ctx, cancel := context.WithTimeout(ctx, holdFor)
	defer cancel()
	return m.inDurableTx(ctx, func(conn *sql.Conn, tx *sql.Tx) error {
		if err := b.move(ctx, tx, b.at); err != nil { // still ours?
			return err
		}
		position, err := m.hold(ctx, tx)
		if err != nil {
			return err
		}
		if err := b.fillIn(ctx, conn, tx, position); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO live (projection, code_version, generation) VALUES ($1, $2, $3)
			ON CONFLICT (projection, code_version) DO UPDATE SET generation = excluded.generation`,
			m.projection.Name, m.projection.Version, generation)
		if err != nil {
			return err
		}
		return m.finish(ctx, tx, generation, Done, "")
	})
}

// hold locks the live generation's checkpoint row until the transaction ends, ends its owner's tenure, and returns where it
// stands; 0 when there is none, or when it stands in another log than ours.
func (m *Model[R]) hold(ctx context.Context, tx *sql.Tx) (position int64, err error) {
	var generation int64
	err = tx.QueryRowContext(ctx, `SELECT generation FROM live WHERE projection = $1 AND code_version = $2`,
		m.projection.Name, m.projection.Version).Scan(&generation)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var logID string
	err = tx.QueryRowContext(ctx, `
		UPDATE consumers SET epoch = epoch + 1, owner = '', lease_until = 0 WHERE name = $1 RETURNING position, log_id`,
		consumerName(m.projection.Name, generation)).Scan(&position, &logID)
	if err != nil {
		return 0, fmt.Errorf("hold generation %d: %w", generation, err)
	}
	if parsed, err := uuid.Parse(logID); err != nil || parsed != m.store.LogID() {
		return 0, nil
	}
	return position, nil
}

// finish writes a generation's end, and when it was.
func (m *Model[R]) finish(ctx context.Context, tx *sql.Tx, generation int64, status, problem string) error {
	_, err := tx.ExecContext(ctx, `UPDATE generations SET status = $1, error = $2 WHERE projection = $3 AND generation = $4`,
		status, problem, m.projection.Name, generation)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO progress (consumer, position, at) SELECT name, position, now_ms() FROM consumers WHERE name = $1
		ON CONFLICT (consumer, position) DO NOTHING`, consumerName(m.projection.Name, generation))
	return err
}

// fail ends what can not succeed; its rows go at once.
func (m *Model[R]) fail(ctx context.Context, generation int64, status string, cause error) error {
	return m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		for _, name := range m.projection.tableNames(generation) {
			if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS `+name); err != nil {
				return err
			}
		}
		return m.finish(ctx, tx, generation, status, cause.Error())
	})
}
