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

// tidyEvery bounds how much longer than their time generations that nobody wants any more are there.
const tidyEvery = time.Minute

// rebuildOnRequest builds whatever generation is asked for, in the one process that may, until ctx ends. It also goes on
// with what a process that died has left half done, freezes what is to be frozen, and drops what was kept long enough.
func (m *Model[R]) rebuildOnRequest(ctx context.Context) error {
	var tidied time.Time
	for fresh := true; ctx.Err() == nil; fresh = false { // fresh: perhaps a newer program, so what failed may succeed now
		if time.Since(tidied) > tidyEvery {
			tidied = time.Now()
			if err := m.tidy(ctx); err != nil {
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

// tidy drops what has been kept for long enough, and what others have left half dropped.
func (m *Model[R]) tidy(ctx context.Context) error {
	for _, drop := range []func(context.Context) error{m.thaw, m.sweep, m.prune, m.forgetVersions} {
		if err := drop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// build fills a generation, cuts over to it, and drops what nobody reads any more; or clears away what was cancelled.
func (m *Model[R]) build(ctx context.Context, generation int64) error {
	work, done := m.interruptible(ctx, generation)
	err := m.attempt(work, generation, Running, Failed, func() error { return m.fillAndCutOver(work, generation) })
	interrupted := work.Err() != nil && ctx.Err() == nil
	done()
	if err != nil && !interrupted {
		return err
	}
	for _, drop := range []func(context.Context) error{m.sweep, m.prune} {
		if err := drop(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("old generations stay for another minute", "error", err)
		}
	}
	m.tellProgress(ctx, generation)
	return nil
}

// attempt does work on a generation. What can not succeed is marked as failed, and its rows go; anything else is noted while the
// generation stays as it is, and goes on later from the checkpoint. That somebody has ended it meanwhile is no failure.
func (m *Model[R]) attempt(ctx context.Context, generation int64, running, failed string, work func() error) error {
	err := work()
	if err == nil {
		return nil
	}
	if status, unknown := m.statusOf(ctx, generation); unknown == nil && status != running {
		m.log.Info("generation was ended while it was filled", "generation", generation, "status", status)
		return nil
	}
	switch {
	case errors.Is(err, subscription.ErrStop), errors.Is(err, subscription.ErrDiverged):
		m.log.Error("generation failed", "generation", generation, "error", err)
		return m.fail(ctx, generation, running, failed, err)
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
	begun, rollback, err := m.begun(ctx, generation)
	if err != nil {
		return err
	}
	m.log.Info("rebuild runs", "generation", generation, "from", b.at.Position, "rollback", rollback)
	told := m.filling(b, begun, Running)
	if err := b.fill(ctx, math.MaxInt64, told.page(ctx)); err != nil {
		return err
	}
	if err := m.index(ctx, generation); err != nil {
		return err
	}
	if err := b.fill(ctx, math.MaxInt64, told.page(ctx)); err != nil { // what came meanwhile, so that cutting over is short
		return err
	}
	if err := m.cutOver(ctx, b, generation); err != nil {
		return err
	}
	m.log.Info("rebuild done, generation is live", "generation", generation, "position", b.at.Position, "rollback", rollback)
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
			UPDATE generations SET retired_at = now_ms() WHERE projection = $1 AND generation = (
				SELECT generation FROM live WHERE projection = $1 AND code_version = $2)`, m.projection.Name, m.projection.Version)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO live (projection, code_version, generation) VALUES ($1, $2, $3)
			ON CONFLICT (projection, code_version) DO UPDATE SET generation = excluded.generation`,
			m.projection.Name, m.projection.Version, generation)
		if err != nil {
			return err
		}
		return m.finish(ctx, tx, generation, Running, Done, "")
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

// finish writes a generation's end, when it was, and at which position. errChanged if it has been ended already.
func (m *Model[R]) finish(ctx context.Context, tx *sql.Tx, generation int64, from, to, problem string) error {
	name := consumerName(m.projection.Name, generation)
	result, err := tx.ExecContext(ctx, `
		UPDATE generations SET status = $1, error = $2, ended_at = now_ms(), retired_at = 0, rate = 0,
			events_total = CASE WHEN CAST($1 AS text) = 'done' THEN (SELECT position FROM consumers WHERE name = $3) ELSE events_total END
		WHERE projection = $4 AND generation = $5 AND status = $6`, to, problem, name, m.projection.Name, generation, from)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errChanged, err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO progress (consumer, position, at) SELECT name, position, now_ms() FROM consumers WHERE name = $1
		ON CONFLICT (consumer, position) DO NOTHING`, name)
	return err
}

// fail ends what can not succeed; its rows go at once.
func (m *Model[R]) fail(ctx context.Context, generation int64, from, status string, cause error) error {
	err := m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		if err := m.dropTables(ctx, tx, generation, ""); err != nil {
			return err
		}
		return m.finish(ctx, tx, generation, from, status, cause.Error())
	})
	if errors.Is(err, errChanged) {
		return nil
	}
	return err
}
