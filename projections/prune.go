package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"ordermill/eventstore/subscription"
)

// KeptFor is how long the generation that was live before this one is kept, unless WithKept says otherwise.
const KeptFor = 24 * time.Hour

// inFlight bounds how long a query may still read a generation after the pointer has moved; no generation is kept for less.
const inFlight = time.Minute

// abandoned is how long a comparison may be without a heartbeat before it is taken for dead.
const abandoned = 10 * time.Minute

// versionKept is how long no process may have run a code version before its generations go.
const versionKept = 24 * time.Hour

// retired is the condition on a generation that it was live and is whole, so that it can be live again.
const retired = `retired_at > 0 AND status IN ('done', 'cancelled')`

// prune drops what nobody can still want of this code version: generations that were live, except the last one for as long as it
// is kept; ends of rebuilds that another one followed; and comparisons whose maker has died.
func (m *Model[R]) prune(ctx context.Context) error {
	return m.dropAll(ctx, `
		SELECT g.generation, g.status FROM generations g
		LEFT JOIN consumers c ON c.name = g.projection || '.' || CAST(g.generation AS text)
		WHERE g.projection = $1 AND g.code_version = $2 AND (
			g.status = 'verifying' AND coalesce(c.heartbeat_at, 0) < now_ms() - $3
			OR (g.status IN ('failed', 'cancelled') OR g.status = 'done' AND g.dry_run = 1) AND g.retired_at = 0 AND EXISTS (
				SELECT 1 FROM generations n WHERE n.projection = g.projection AND n.code_version = g.code_version
				AND n.generation > g.generation AND n.status IN ('running', 'done', 'failed', 'cancelled'))
			OR `+retired+` AND (g.retired_at < now_ms() - $4 OR EXISTS (
				SELECT 1 FROM generations n WHERE n.projection = g.projection AND n.code_version = g.code_version AND n.status <> 'running'
				AND (n.retired_at > g.retired_at OR n.retired_at = g.retired_at AND n.generation > g.generation)))
			OR g.status = 'done' AND g.retired_at = 0 AND g.generation < (
				SELECT l.generation FROM live l WHERE l.projection = g.projection AND l.code_version = g.code_version))`,
		m.projection.Name, m.projection.Version, abandoned.Milliseconds(), max(m.keep, inFlight).Milliseconds())
}

// dropAll drops the generations that a query lists with their status, as long as they still have it.
func (m *Model[R]) dropAll(ctx context.Context, query string, args ...any) error {
	old, err := listed(ctx, m.db.Read, query, args...)
	if err != nil {
		return err
	}
	for _, g := range old {
		if err := m.drop(ctx, g.number, g.status); err != nil {
			return err
		}
	}
	return nil
}

// generation is one as a list of them has it.
type generation struct {
	number int64
	status string
}

// listed are the generations, each with its status, that a query finds.
func listed(ctx context.Context, db subscription.Querier, query string, args ...any) (found []generation, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var g generation
		if err := rows.Scan(&g.number, &g.status); err != nil {
			return nil, err
		}
		found = append(found, g)
	}
	return found, rows.Err()
}

// drop removes a generation and all that is kept for it, if it has this status.
func (m *Model[R]) drop(ctx context.Context, generation int64, status string) error {
	err := m.inTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		if err := m.empty(ctx, tx, generation, status); err != nil {
			return err
		}
		return m.forget(ctx, tx, generation)
	})
	if errors.Is(err, errChanged) {
		return nil
	}
	return err
}

// errChanged: the generation has not the status any more that it was looked up with.
var errChanged = errors.New("the generation's status has changed")

// empty removes a generation's tables and what stands under its name among consumers; its row stays. Whoever fills it or follows
// it loses it. errChanged if it has not this status.
func (m *Model[R]) empty(ctx context.Context, tx *sql.Tx, generation int64, status string) error {
	name := consumerName(m.projection.Name, generation)
	// The checkpoint first: that is the order in which others take these rows.
	if _, err := tx.ExecContext(ctx, `UPDATE consumers SET epoch = epoch + 1 WHERE name = $1`, name); err != nil {
		return err
	}
	var tables string
	err := tx.QueryRowContext(ctx, `UPDATE generations SET status = status WHERE projection = $1 AND generation = $2 AND status = $3 RETURNING tables`,
		m.projection.Name, generation, status).Scan(&tables)
	if errors.Is(err, sql.ErrNoRows) {
		return errChanged
	}
	if err != nil {
		return err
	}
	if err := m.dropTables(ctx, tx, generation, tables); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM parked_positions WHERE consumer = $1`,
		`DELETE FROM parked WHERE consumer = $1`,
		`DELETE FROM discarded WHERE consumer = $1`,
		`DELETE FROM progress WHERE consumer = $1`,
		`DELETE FROM consumers WHERE name = $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, name); err != nil {
			return fmt.Errorf("drop generation %d: %w", generation, err)
		}
	}
	return nil
}

// dropTables drops the tables of a generation as its row names them: another version of the code may have made it. A row of the
// time before that names none; then they are those that this version would make.
func (m *Model[R]) dropTables(ctx context.Context, tx *sql.Tx, generation int64, named string) error {
	names := m.projection.tableNames(generation)
	if named != "" {
		names = strings.Split(named, ",")
	}
	for _, name := range names {
		if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS `+name); err != nil {
			return fmt.Errorf("drop generation %d: %w", generation, err)
		}
	}
	return nil
}

// forget removes a generation's row. If it was to be frozen and is the newest, its row stays, without tables and consumer, until a newer
// one goes: clients keep such numbers, which must not come to mean another position.
func (m *Model[R]) forget(ctx context.Context, tx *sql.Tx, generation int64) error {
	for _, statement := range []string{
		`UPDATE generations SET status = 'thawed' WHERE projection = $1 AND generation = $2 AND status IN ('freezing', 'frozen', 'freezing failed')`,
		`DELETE FROM generations WHERE projection = $1 AND generation <= $2 AND (generation = $2 AND status <> 'thawed'
			OR status = 'thawed' AND generation < (SELECT max(generation) FROM generations WHERE projection = $1))`,
	} {
		if _, err := tx.ExecContext(ctx, statement, m.projection.Name, generation); err != nil {
			return fmt.Errorf("drop generation %d: %w", generation, err)
		}
	}
	return nil
}
