package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// Status of a generation that is being built, or was.
const (
	Running = "running"
	Done    = "done"
	Failed  = "failed"

	verifying = "verifying" // a generation that is only compared, then dropped
)

// abandoned is how long a comparison may be without a heartbeat before it is taken for dead.
const abandoned = 10 * time.Minute

// consumerName is the name under which a generation stands in the tables of consumers.
func consumerName(projection string, generation int64) string {
	return fmt.Sprintf("%s.%d", projection, generation)
}

// errTaken: somebody else has just begun a generation with the number that was to be ours.
var errTaken = errors.New("the generation's number is taken")

// begin makes the next generation, empty: its tables, its row and its checkpoint at the log's start. It returns
// ErrRebuildRunning if both it and one that is there already have status Running.
func (m *Model[R]) begin(ctx context.Context, status string) (generation int64, err error) {
	head, err := m.store.Head(ctx)
	if err != nil {
		return 0, err
	}
	for {
		s, err := m.standing(ctx)
		if err != nil {
			return 0, err
		}
		if status == Running && s.running != 0 {
			return 0, ErrRebuildRunning
		}
		generation, err := m.tryBegin(ctx, status, head.Position)
		if !errors.Is(err, errTaken) {
			return generation, err
		}
	}
}

func (m *Model[R]) tryBegin(ctx context.Context, status string, total int64) (generation int64, err error) {
	err = m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `
			INSERT INTO generations (projection, generation, code_version, status, created_at, events_total, error)
			SELECT CAST($1 AS text), 1 + coalesce((SELECT max(generation) FROM generations WHERE projection = $1), 0),
				CAST($2 AS bigint), CAST($3 AS text), now_ms(), CAST($4 AS bigint), ''
			WHERE CAST($3 AS text) = 'verifying' OR NOT EXISTS (
				SELECT 1 FROM generations WHERE projection = $1 AND code_version = $2 AND status = $3)
			ON CONFLICT (projection, generation) DO NOTHING
			RETURNING generation`, m.projection.Name, m.projection.Version, status, total).Scan(&generation)
		if errors.Is(err, sql.ErrNoRows) {
			return errTaken
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO consumers (name, kind, log_id, position, event_id, epoch, owner, lease_until, heartbeat_at)
			VALUES ($1, 'projector', $2, 0, $3, 0, '', 0, now_ms())`,
			consumerName(m.projection.Name, generation), m.store.LogID().String(), uuid.Nil.String())
		if err != nil {
			return err
		}
		tables, _ := m.projection.schema(generation)
		for _, statement := range tables {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("schema of %s: %w", m.projection.Name, err)
			}
		}
		return nil
	})
	return generation, err
}

// take makes the caller the one who fills a generation: from here on, writes of anybody who filled it before fail.
func (m *Model[R]) take(ctx context.Context, generation int64) (epoch int64, at eventstore.Checkpoint, err error) {
	var logID, eventID string
	err = m.db.Write.QueryRowContext(ctx, `
		UPDATE consumers SET epoch = epoch + 1, heartbeat_at = now_ms() WHERE name = $1
		RETURNING epoch, log_id, position, event_id`,
		consumerName(m.projection.Name, generation)).Scan(&epoch, &logID, &at.Position, &eventID)
	if err != nil {
		return 0, at, fmt.Errorf("checkpoint of generation %d: %w", generation, err)
	}
	if at.LogID, err = uuid.Parse(logID); err == nil {
		at.EventID, err = uuid.Parse(eventID)
	}
	return epoch, at, err
}

// standing is what the tables say about a projection and its generations of this code version.
type standing struct {
	live    int64 // 0: none yet
	running int64 // the generation that a rebuild fills; 0: none
	failed  bool  // the newest rebuild failed
	freeze  int64 // the generation that is to be frozen; 0: none
}

func (m *Model[R]) standing(ctx context.Context) (s standing, err error) {
	err = m.db.Read.QueryRowContext(ctx, `
		SELECT coalesce((SELECT generation FROM live WHERE projection = $1 AND code_version = $2), 0),
			coalesce(max(CASE WHEN status = 'running' THEN generation END), 0),
			coalesce(max(CASE WHEN status = 'failed' THEN generation END), 0) > coalesce(max(CASE WHEN status = 'done' THEN generation END), 0),
			coalesce(min(CASE WHEN status = 'freezing' THEN generation END), 0)
		FROM generations WHERE projection = $1 AND code_version = $2`,
		m.projection.Name, m.projection.Version).Scan(&s.live, &s.running, &s.failed, &s.freeze)
	return s, err
}

// note writes how a generation stands.
func (m *Model[R]) note(ctx context.Context, generation int64, status, problem string) error {
	_, err := m.db.Write.ExecContext(ctx, `UPDATE generations SET status = $1, error = $2 WHERE projection = $3 AND generation = $4`,
		status, problem, m.projection.Name, generation)
	return err
}

// prune drops what no reader can still want: generations of this code version older than the live one, except the one
// before it (a query that began before the flip may still be reading that), and comparisons whose maker has died.
func (m *Model[R]) prune(ctx context.Context) error {
	return m.dropAll(ctx, `
		SELECT g.generation FROM generations g
		JOIN consumers c ON c.name = g.projection || '.' || CAST(g.generation AS text)
		JOIN live l ON l.projection = g.projection AND l.code_version = g.code_version
		WHERE g.projection = $1 AND g.code_version = $2 AND (
			g.status = 'verifying' AND c.heartbeat_at < now_ms() - $3
			OR g.status IN ('running', 'done', 'failed') AND g.generation < l.generation AND g.generation <> coalesce((
				SELECT max(p.generation) FROM generations p WHERE p.projection = g.projection AND p.code_version = g.code_version
				AND p.status = 'done' AND p.generation < l.generation), 0))`,
		m.projection.Name, m.projection.Version, abandoned.Milliseconds())
}

// dropAll drops the generations that a query lists.
func (m *Model[R]) dropAll(ctx context.Context, query string, args ...any) error {
	rows, err := m.db.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var old []int64
	for rows.Next() {
		var generation int64
		if err := rows.Scan(&generation); err != nil {
			return err
		}
		old = append(old, generation)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, generation := range old {
		if err := m.drop(ctx, generation); err != nil {
			return err
		}
	}
	return nil
}

// drop removes a generation without a trace.
func (m *Model[R]) drop(ctx context.Context, generation int64) error {
	return m.inTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		for _, name := range m.projection.tableNames(generation) {
			if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS `+name); err != nil {
				return fmt.Errorf("drop generation %d: %w", generation, err)
			}
		}
		for _, statement := range []string{
			`DELETE FROM parked_positions WHERE consumer = $1`,
			`DELETE FROM parked WHERE consumer = $1`,
			`DELETE FROM discarded WHERE consumer = $1`,
			`DELETE FROM progress WHERE consumer = $1`,
			`DELETE FROM consumers WHERE name = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, consumerName(m.projection.Name, generation)); err != nil {
				return fmt.Errorf("drop generation %d: %w", generation, err)
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM generations WHERE projection = $1 AND generation = $2`, m.projection.Name, generation)
		return err
	})
}

// inTx runs work in one transaction that commits if it returns nil.
func (m *Model[R]) inTx(ctx context.Context, work func(*sql.Conn, *sql.Tx) error) error {
	conn, err := m.db.Write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(conn, tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}

// inDurableTx is inTx for what an operator is told: that a rebuild was taken on, and how it ended. Rows and their checkpoint may
// be lost together when the database crashes, and are folded again; a cut-over that was seen must stay.
func (m *Model[R]) inDurableTx(ctx context.Context, work func(*sql.Conn, *sql.Tx) error) error {
	return m.inTx(ctx, func(conn *sql.Conn, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, m.dialect.durable); err != nil {
			return err
		}
		return work(conn, tx)
	})
}
