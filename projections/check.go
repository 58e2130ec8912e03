package projections

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ordermill/eventstore/subscription"
)

// RebuildOption asks for more of a rebuild than to be live in the end.
type RebuildOption func(*Asked)

// DryRun builds a generation, compares it with the live one, and drops it: Progress tells the differences. Nothing that queries
// read changes.
func DryRun() RebuildOption { return func(a *Asked) { a.DryRun = true } }

// MaxChanges refuses to cut over to a generation that differs from the live one in more places than n, counted as in a Report.
func MaxChanges(n int64) RebuildOption { return func(a *Asked) { a.MaxChanges = n } }

// AnyNumber of changes is allowed.
const AnyNumber = -1

// Asked is what a rebuild was asked for. It stands on the generation's row, because another process may do it.
type Asked struct {
	DryRun     bool
	MaxChanges int64 // AnyNumber unless it is bounded
}

// AskedFor is what options ask for.
func AskedFor(options ...RebuildOption) Asked {
	a := Asked{MaxChanges: AnyNumber}
	for _, option := range options {
		option(&a)
	}
	return a
}

func (a Asked) dryRunColumn() int64 {
	if a.DryRun {
		return 1
	}
	return 0
}

// compares reports whether the generation has to be compared with the live one, which takes a while.
func (a Asked) compares() bool { return a.DryRun || a.MaxChanges != AnyNumber }

// judge says why a generation with these differences would not go live; "" if it would.
func (a Asked) judge(r Report) string {
	if a.MaxChanges == AnyNumber || r.Count <= a.MaxChanges {
		return ""
	}
	return fmt.Sprintf("it differs from the live generation in %d places, %d more than the %d that were allowed; "+
		"look at the first hundred in this rebuild's comparison, then rebuild with a larger maximum, or without one", r.Count, r.Count-a.MaxChanges, a.MaxChanges)
}

// errRefused: the generation was built, and must not go live.
var errRefused = errors.New("refused")

// checked compares a generation with the live one, if that was asked for, before it gets its indexes and goes live. ended: it was a
// dry run, and is over. A rebuild that is resumed after it has been compared is not compared again, but judged.
func (m *Model[R]) checked(ctx context.Context, b *build[R], generation int64, tell func(position int64)) (ended bool, err error) {
	a, report, err := m.asked(ctx, generation)
	if err != nil || !a.compares() {
		return false, err
	}
	if report == nil {
		if report, err = m.compareBeforeFlip(ctx, b, generation, a, tell); err != nil {
			return false, fmt.Errorf("compare with the live generation: %w", err)
		}
	}
	verdict := a.judge(*report)
	if !a.DryRun {
		if verdict != "" {
			err = fmt.Errorf("%w: %s", errRefused, verdict)
		}
		return false, err
	}
	if verdict == "" {
		if verdict, err = m.newlyParked(ctx, m.db.Write, generation); err != nil {
			return false, err
		}
	}
	if verdict != "" {
		verdict = fmt.Sprintf("%v if it were no dry run: %s", errRefused, verdict)
	}
	m.log.Info("dry run done", "generation", generation, "position", report.Position, "differences", report.Count)
	return true, m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		if err := b.move(ctx, tx, b.at); err != nil { // still ours?
			return err
		}
		if err := m.keepReport(ctx, tx, generation, report); err != nil {
			return err
		}
		if err := m.finish(ctx, tx, generation, Running, Done, verdict); err != nil {
			return err
		}
		return m.empty(ctx, tx, generation, Done)
	})
}

// compareBeforeFlip compares, and keeps what it found, unless it is a dry run, which ends with that.
func (m *Model[R]) compareBeforeFlip(ctx context.Context, b *build[R], generation int64, a Asked, tell func(position int64)) (*Report, error) {
	report := &Report{}
	if err := m.compare(ctx, b, report, tell); err != nil || a.DryRun {
		return report, err
	}
	return report, m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error { return m.keepReport(ctx, tx, generation, report) })
}

// asked reads what a rebuild was asked for, and how it compared; nil if it was not compared yet.
func (m *Model[R]) asked(ctx context.Context, generation int64) (a Asked, report *Report, err error) {
	var dryRun int64
	var text string
	err = m.db.Write.QueryRowContext(ctx, `SELECT dry_run, max_changes, report FROM generations WHERE projection = $1 AND generation = $2`,
		m.projection.Name, generation).Scan(&dryRun, &a.MaxChanges, &text)
	a.DryRun = dryRun != 0
	if err == nil {
		report, err = readReport(text)
	}
	return a, report, err
}

func (m *Model[R]) keepReport(ctx context.Context, tx *sql.Tx, generation int64, report *Report) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE generations SET report = $1 WHERE projection = $2 AND generation = $3`,
		string(text), m.projection.Name, generation)
	return err
}

func readReport(text string) (*Report, error) {
	if text == "" {
		return nil, nil
	}
	report := &Report{}
	if err := json.Unmarshal([]byte(text), report); err != nil {
		return nil, fmt.Errorf("comparison of a rebuild: %w", err)
	}
	return report, nil
}

// namedKeys bounds how many keys a refusal names.
const namedKeys = 5

// newlyParked says which keys a generation has parked at events that the live one has folded; "" if there are none. What an operator has
// discarded in the live one was parked there too. A rollback goes back to what was live, whatever it had parked.
func (m *Model[R]) newlyParked(ctx context.Context, db subscription.Querier, generation int64) (verdict string, err error) {
	rows, err := db.QueryContext(ctx, `
		SELECT p.key, p.error FROM parked p
		JOIN generations g ON g.projection = $1 AND g.generation = $2 AND g.retired_at = 0
		JOIN live l ON l.projection = g.projection AND l.code_version = g.code_version
		JOIN consumers c ON c.name = l.projection || '.' || CAST(l.generation AS text) AND c.log_id = $3
		WHERE p.consumer = $4
			AND NOT EXISTS (SELECT 1 FROM parked o WHERE o.consumer = c.name AND o.key = p.key)
			AND NOT EXISTS (SELECT 1 FROM discarded d WHERE d.consumer = c.name AND d.key = p.key)
			AND (SELECT min(s.position) FROM parked_positions s WHERE s.consumer = p.consumer AND s.key = p.key) <= c.position
		ORDER BY p.key`,
		m.projection.Name, generation, m.store.LogID().String(), consumerName(m.projection.Name, generation))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var keys []string
	var count int
	var cause string
	for rows.Next() {
		var key, problem string
		if err := rows.Scan(&key, &problem); err != nil {
			return "", err
		}
		if count++; count == 1 {
			cause = problem
		}
		if count <= namedKeys {
			keys = append(keys, key)
		}
	}
	if err := rows.Err(); err != nil || count == 0 {
		return "", err
	}
	named := strings.Join(keys, ", ")
	if count > len(keys) {
		named += fmt.Sprintf(" and %d more", count-len(keys))
	}
	return fmt.Sprintf("it parks keys that the live generation has folded: %s (the first: %s); mend the program, then rebuild", named, cause), nil
}

// refuseNewlyParked is asked while the live generation is held where the new one stands.
func (m *Model[R]) refuseNewlyParked(ctx context.Context, tx *sql.Tx, generation int64) error {
	verdict, err := m.newlyParked(ctx, tx, generation)
	if err == nil && verdict != "" {
		err = fmt.Errorf("%w: %s", errRefused, verdict)
	}
	return err
}
