package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Rollback asks for the generation that was live before this one, if it is kept: Run brings it to where the live one stands, from
// its own checkpoint, and cuts over to it, here or in another process. It returns at once: see Progress, which tells of it as of a
// rebuild. The generation that was rolled back from is kept in its turn, so another Rollback goes forward again.
// ErrRebuildRunning, ErrNothingKept.
func (m *Model[R]) Rollback(ctx context.Context) error {
	head, err := m.store.Head(ctx)
	if err != nil {
		return fmt.Errorf("roll back %s: %w", m.projection.Name, err)
	}
	err = m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		if err := m.holdPointer(ctx, tx); err != nil {
			return err
		}
		var running, kept int64
		err := tx.QueryRowContext(ctx, `
			SELECT coalesce(max(CASE WHEN status = 'running' THEN generation END), 0), coalesce((`+lastRetired+`), 0)
			FROM generations WHERE projection = $1 AND code_version = $2`, m.projection.Name, m.projection.Version).Scan(&running, &kept)
		switch {
		case err != nil:
			return err
		case running != 0:
			return ErrRebuildRunning
		}
		result, err := tx.ExecContext(ctx, `
			UPDATE generations SET status = 'running', error = '', created_at = now_ms(), ended_at = 0, events_total = $3
			WHERE projection = $1 AND generation = $2 AND `+retired, m.projection.Name, kept, head.Position)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrNothingKept, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("roll back %s: %w", m.projection.Name, err)
	}
	raise(m.requested)
	return nil
}

// lastRetired is the generation that was live last before the live one, if it is whole.
const lastRetired = `SELECT k.generation FROM generations k WHERE k.projection = $1 AND k.code_version = $2 AND ` + retired +
	` ORDER BY k.retired_at DESC, k.generation DESC LIMIT 1`

// kept finds the generation that Rollback would go back to, and until when; 0 if there is none.
func (m *Model[R]) kept(ctx context.Context) (generation int64, until time.Time, err error) {
	var retiredAt int64
	err = m.db.Read.QueryRowContext(ctx, `SELECT generation, retired_at FROM generations WHERE projection = $1 AND generation = (`+lastRetired+`)`,
		m.projection.Name, m.projection.Version).Scan(&generation, &retiredAt)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, until, nil
	}
	return generation, time.UnixMilli(retiredAt).UTC().Add(max(m.keep, inFlight)), err
}
