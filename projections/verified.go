package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ordermill/eventstore/subscription"
)

// Verified is the last comparison of a read model with the log, in short.
type Verified struct {
	At          time.Time // zero: it was never compared
	Generation  int64
	Position    int64
	Differences int64
	Mended      int64  // rows
	Error       string // why they could not be compared; then the numbers say nothing
}

// keepVerified keeps what a comparison found.
func (m *Model[R]) keepVerified(ctx context.Context, report Report, mended int64) error {
	return m.putVerified(ctx, Verified{Generation: report.Generation, Position: report.Position, Differences: report.Count, Mended: mended})
}

func (m *Model[R]) putVerified(ctx context.Context, v Verified) error {
	_, err := m.db.Write.ExecContext(ctx, `
		INSERT INTO verified (projection, code_version, generation, position, differences, mended, error, verified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, now_ms())
		ON CONFLICT (projection, code_version) DO UPDATE SET generation = excluded.generation, position = excluded.position,
			differences = excluded.differences, mended = excluded.mended, error = excluded.error, verified_at = excluded.verified_at`,
		m.projection.Name, m.projection.Version, v.Generation, v.Position, v.Differences, v.Mended, v.Error)
	if err != nil {
		return fmt.Errorf("keep how %s was verified: %w", m.projection.Name, err)
	}
	return nil
}

func (m *Model[R]) verified(ctx context.Context) (v Verified, err error) {
	var at int64
	err = m.db.Read.QueryRowContext(ctx, `
		SELECT generation, position, differences, mended, error, verified_at FROM verified WHERE projection = $1 AND code_version = $2`,
		m.projection.Name, m.projection.Version).Scan(&v.Generation, &v.Position, &v.Differences, &v.Mended, &v.Error, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return v, nil
	}
	v.At = time.UnixMilli(at).UTC()
	return v, err
}

// VerifyIfDue verifies if nobody has for so long, and the live generation is as old; it returns when to ask again. Nothing is mended: a
// difference is told to the log, loudly, and to Status. While the read model is built or rebuilt it waits.
func (m *Model[R]) VerifyIfDue(ctx context.Context, every time.Duration) (next time.Duration, err error) {
	wait, err := m.untilDue(ctx, every)
	if err != nil || wait > 0 {
		return wait, err
	}
	report, err := m.Verify(ctx)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case err != nil:
		m.log.Error("the read model could not be verified", "error", err)
		return every, m.putVerified(ctx, Verified{Error: err.Error()})
	case report.Count > 0:
		m.log.Error("the read model is not what the log says; ordermill verify shows where, and with --repair mends it",
			"differences", report.Count, "first_key", report.Differences[0].Key, "first_column", report.Differences[0].Column, "position", report.Position)
	default:
		m.log.Info("read model verified", "rows", report.Rows, "position", report.Position)
	}
	return every, nil
}

// untilDue is how long it is until the read model is to be verified; at least a moment while it can not be.
func (m *Model[R]) untilDue(ctx context.Context, every time.Duration) (time.Duration, error) {
	var sinceBuilt, sinceVerified, busy int64
	err := m.db.Read.QueryRowContext(ctx, `
		SELECT now_ms() - g.ended_at, now_ms() - coalesce(v.verified_at, 0), (SELECT count(*) FROM generations r
			WHERE r.projection = l.projection AND r.code_version = l.code_version AND r.status = 'running')
		FROM live l JOIN generations g ON g.projection = l.projection AND g.generation = l.generation
		LEFT JOIN verified v ON v.projection = l.projection AND v.code_version = l.code_version
		WHERE l.projection = $1 AND l.code_version = $2`, m.projection.Name, m.projection.Version).
		Scan(&sinceBuilt, &sinceVerified, &busy)
	if errors.Is(err, sql.ErrNoRows) || err == nil && busy > 0 {
		return pollEvery, nil
	}
	return every - time.Duration(min(sinceBuilt, sinceVerified))*time.Millisecond, err
}

// verifyTask is the name of the task of verifying: one process does it.
const verifyTask = "verify"

// lookAgain bounds how long a verification may be late.
const lookAgain = time.Minute

// VerifyEvery verifies one read model after another, each as often as every says, until ctx ends, in one process of all that share
// db. Nothing is mended; see VerifyIfDue.
func (s Set) VerifyEvery(ctx context.Context, every time.Duration, db subscription.Database, owner subscription.Owner, log *slog.Logger) {
	subscription.Alone(ctx, db, owner, verifyTask, log, func(ctx context.Context) error { return s.verifyEach(ctx, every, log) })
}

func (s Set) verifyEach(ctx context.Context, every time.Duration, log *slog.Logger) error {
	for ctx.Err() == nil {
		wait := lookAgain
		for _, m := range s {
			next, err := m.VerifyIfDue(ctx, every)
			if err != nil && ctx.Err() == nil {
				log.Warn("a read model is verified later", "projection", m.Name(), "error", err)
				next = lookAgain
			}
			wait = min(wait, next)
		}
		rest(ctx, max(wait, pollEvery))
	}
	return ctx.Err()
}

// rest returns after so long, or when ctx ends.
func rest(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
