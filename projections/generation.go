package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// Status of a generation that is being built, or was.
const (
	Running   = "running"
	Done      = "done"
	Failed    = "failed"
	Cancelled = "cancelled"

	verifying = "verifying" // a generation that is only compared, then dropped
)

// consumerName is the name under which a generation stands in the tables of consumers.
func consumerName(projection string, generation int64) string {
	return fmt.Sprintf("%s.%d", projection, generation)
}

// errTaken: somebody else has just begun a generation with the number that was to be ours.
var errTaken = errors.New("the generation's number is taken")

// begin makes the next generation, empty: its tables, its row and its checkpoint at the log's start. It returns
// ErrRebuildRunning if both it and one that is there already have status Running, ErrNotReady if it is to be compared with nothing.
func (m *Model[R]) begin(ctx context.Context, status string, options ...RebuildOption) (generation int64, err error) {
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
		if AskedFor(options...).compares() && s.live == 0 {
			return 0, ErrNotReady
		}
		generation, err := m.tryBegin(ctx, status, head.Position, options...)
		if !errors.Is(err, errTaken) {
			return generation, err
		}
	}
}

func (m *Model[R]) tryBegin(ctx context.Context, status string, total int64, options ...RebuildOption) (generation int64, err error) {
	a := AskedFor(options...)
	err = m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		if err := m.holdPointer(ctx, tx); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `
			INSERT INTO generations (projection, generation, code_version, status, created_at, events_total, error, dry_run, max_changes)
			SELECT CAST($1 AS text), 1 + coalesce((SELECT max(generation) FROM generations WHERE projection = $1), 0),
				CAST($2 AS bigint), CAST($3 AS text), now_ms(), CAST($4 AS bigint), '', CAST($5 AS bigint), CAST($6 AS bigint)
			WHERE CAST($3 AS text) = 'verifying' OR NOT EXISTS (
				SELECT 1 FROM generations WHERE projection = $1 AND code_version = $2 AND status = $3)
			ON CONFLICT (projection, generation) DO NOTHING
			RETURNING generation`, m.projection.Name, m.projection.Version, status, total, a.dryRunColumn(), a.MaxChanges).Scan(&generation)
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
		_, err = tx.ExecContext(ctx, `UPDATE generations SET tables = $1 WHERE projection = $2 AND generation = $3`,
			strings.Join(m.projection.tableNames(generation), ","), m.projection.Name, generation)
		return err
	})
	return generation, err
}

// holdPointer keeps others from beginning a rebuild or a rollback beside this one until the transaction ends. Before the first
// generation is live there is nothing to hold: its number keeps them apart.
func (m *Model[R]) holdPointer(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE live SET generation = generation WHERE projection = $1 AND code_version = $2`,
		m.projection.Name, m.projection.Version)
	return err
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
	at, err = eventstore.ParseCheckpoint(logID, at.Position, eventID)
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

// note writes what a generation last stumbled over, as long as it has a status.
func (m *Model[R]) note(ctx context.Context, generation int64, status, problem string) error {
	_, err := m.db.Write.ExecContext(ctx, `UPDATE generations SET error = $1 WHERE projection = $2 AND generation = $3 AND status = $4`,
		problem, m.projection.Name, generation, status)
	return err
}

// statusOf is how a generation stands; "" if it is not there any more.
func (m *Model[R]) statusOf(ctx context.Context, generation int64) (status string, err error) {
	err = m.db.Read.QueryRowContext(ctx, `SELECT coalesce(max(status), '') FROM generations WHERE projection = $1 AND generation = $2`,
		m.projection.Name, generation).Scan(&status)
	return status, err
}
