package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// forgetVersions drops all that other code versions have here, when no process has run one for a day: neither a rollout nor its
// undoing comes back to it then, and if one does, it builds its first generation again.
func (m *Model[R]) forgetVersions(ctx context.Context) error {
	rows, err := m.db.Read.QueryContext(ctx, `
		SELECT g.code_version FROM generations g
		LEFT JOIN consumers t ON t.name = 'rebuild:' || g.projection || '/' || CAST(g.code_version AS text)
		WHERE g.projection = $1 AND g.code_version <> $2 AND g.status <> 'thawed'
		GROUP BY g.code_version
		HAVING max(g.created_at) < now_ms() - $3 AND coalesce(max(t.heartbeat_at), 0) < now_ms() - $3`,
		m.projection.Name, m.projection.Version, versionKept.Milliseconds())
	if err != nil {
		return err
	}
	defer rows.Close()
	var gone []int64
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return err
		}
		gone = append(gone, version)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, version := range gone {
		if err := m.forgetVersion(ctx, version); err != nil {
			return err
		}
	}
	return nil
}

// forgetVersion drops one of them, unless a process has taken it up in this moment.
func (m *Model[R]) forgetVersion(ctx context.Context, version int64) error {
	var dropped []int64
	err := m.inTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		task := builderName(m.projection.Name, version)
		if _, err := tx.ExecContext(ctx, `DELETE FROM consumers WHERE name = $1 AND heartbeat_at < now_ms() - $2`, task, versionKept.Milliseconds()); err != nil {
			return err
		}
		var taken bool
		if err := tx.QueryRowContext(ctx, `SELECT count(*) > 0 FROM consumers WHERE name = $1`, task).Scan(&taken); err != nil || taken {
			return err
		}
		for _, of := range []string{"live", "verified"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+of+` WHERE projection = $1 AND code_version = $2`, m.projection.Name, version); err != nil {
				return err
			}
		}
		left, err := listed(ctx, tx, `SELECT generation, status FROM generations WHERE projection = $1 AND code_version = $2 AND status <> 'thawed'`,
			m.projection.Name, version)
		if err != nil {
			return err
		}
		for _, g := range left {
			if err := m.empty(ctx, tx, g.number, g.status); err != nil {
				return err
			}
			if err := m.forget(ctx, tx, g.number); err != nil {
				return err
			}
			dropped = append(dropped, g.number)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("drop what version %d of %s has left: %w", version, m.projection.Name, err)
	}
	if len(dropped) > 0 {
		m.log.Info("generations of a code version that nobody runs any more are dropped", "version", version, "generations", dropped)
	}
	return nil
}
