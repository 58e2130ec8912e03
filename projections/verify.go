package projections

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"ordermill/eventstore/subscription"
	"ordermill/internal/jsondiff"
)

// maxDifferences bounds how many differences a report lists.
const maxDifferences = 100

// Report says how the live rows compare with a fold of the log, at one position.
type Report struct {
	Projection  string
	Generation  int64
	Position    int64
	Rows        int64        // compared
	Parked      int64        // keys that are parked and so not compared
	Count       int64        // of all differences
	Differences []Difference // the first hundred
}

// Difference is one column of one row that is not what the log says.
type Difference struct {
	Key    string
	Column string // a column of the table; inside body, the path of the field, such as body.order.status
	Live   string // what the row says, as JSON; empty: nothing there
	Folded string // what the log says
}

// Verify folds the log anew, beside the live rows, and compares the two at the live generation's position. It changes
// nothing that queries read and holds nobody up.
func (m *Model[R]) Verify(ctx context.Context) (report Report, err error) {
	select {
	case m.verifies <- struct{}{}: // one at a time
		defer func() { <-m.verifies }()
	case <-ctx.Done():
		return report, ctx.Err()
	}
	s, err := m.standing(ctx)
	if err != nil {
		return report, fmt.Errorf("verify %s: %w", m.projection.Name, err)
	}
	if s.live == 0 {
		return report, fmt.Errorf("verify %s: %w", m.projection.Name, ErrNotReady)
	}
	generation, err := m.begin(ctx, verifying)
	if err != nil {
		return report, fmt.Errorf("verify %s: %w", m.projection.Name, err)
	}
	defer func() { err = errors.Join(err, m.drop(context.WithoutCancel(ctx), generation, verifying)) }()
	b, err := m.resume(ctx, generation)
	if err != nil {
		return report, fmt.Errorf("verify %s: %w", m.projection.Name, err)
	}
	if err := m.compare(ctx, b, &report); err != nil {
		return report, fmt.Errorf("verify %s: %w", m.projection.Name, err)
	}
	return report, nil
}

// compare folds up to where live stands, then looks at live in one snapshot: the little that live has gone on is folded
// while the snapshot is held.
func (m *Model[R]) compare(ctx context.Context, b *build[R], report *Report) error {
	_, position, err := m.livePosition(ctx, m.db.Read)
	if err != nil {
		return err
	}
	if err := b.fill(ctx, position, func(int64) {}); err != nil {
		return err
	}
	snapshot, err := m.db.Read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = snapshot.Rollback() }() // nothing was written
	generation, position, err := m.livePosition(ctx, snapshot)
	if err != nil {
		return err
	}
	if err := m.fillRest(ctx, b, position); err != nil {
		return err
	}
	report.Projection, report.Generation, report.Position = m.projection.Name, generation, position
	parked, err := subscription.ParkedKeys(ctx, snapshot, consumerName(m.projection.Name, generation))
	if err != nil {
		return err
	}
	for key := range b.parked {
		parked[key] = true
	}
	report.Parked = int64(len(parked))
	live := &scan{db: snapshot, table: m.projection.table(generation)}
	folded := &scan{db: m.db.Write, table: b.table}
	return merge(ctx, live, folded, parked, report)
}

// fillRest brings a generation to position in one transaction. Its caller holds a reader, so it takes no other one: the
// readers of a database are few.
func (m *Model[R]) fillRest(ctx context.Context, b *build[R], position int64) error {
	ctx, cancel := context.WithTimeout(ctx, holdFor)
	defer cancel()
	return m.inTx(ctx, func(conn *sql.Conn, tx *sql.Tx) error { return b.fillIn(ctx, conn, tx, position) })
}

func (m *Model[R]) livePosition(ctx context.Context, db subscription.Querier) (generation, position int64, err error) {
	rows, err := db.QueryContext(ctx, `
		SELECT l.generation, c.position FROM live l JOIN consumers c ON c.name = l.projection || '.' || CAST(l.generation AS text)
		WHERE l.projection = $1 AND l.code_version = $2`, m.projection.Name, m.projection.Version)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return 0, 0, errors.Join(ErrNotReady, rows.Err())
	}
	err = rows.Scan(&generation, &position)
	return generation, position, errors.Join(err, rows.Err())
}

// merge walks two tables side by side in the order of their keys.
func merge(ctx context.Context, live, folded *scan, parked map[string]bool, report *Report) error {
	l, err := live.next(ctx)
	if err != nil {
		return err
	}
	f, err := folded.next(ctx)
	for err == nil && (l != nil || f != nil) {
		var pair [2]*scanned
		switch {
		case f == nil || l != nil && l.key < f.key:
			pair[0] = l
		case l == nil || f.key < l.key:
			pair[1] = f
		default:
			pair[0], pair[1] = l, f
		}
		report.pair(pair[0], pair[1], live.table.columns, parked)
		if pair[0] != nil {
			if l, err = live.next(ctx); err != nil {
				return err
			}
		}
		if pair[1] != nil {
			f, err = folded.next(ctx)
		}
	}
	return err
}

// pair compares two rows of one key; one may be missing.
func (r *Report) pair(live, folded *scanned, columns []string, parked map[string]bool) {
	row := live
	if row == nil {
		row = folded
	}
	if parked[row.key] {
		return
	}
	r.Rows++
	if live == nil || folded == nil {
		r.add(Difference{Key: row.key, Live: live.body(), Folded: folded.body()})
		return
	}
	for i, column := range columns[1:] {
		a, b := live.values[i+1], folded.values[i+1]
		if bytes.Equal(a, b) {
			continue
		}
		if column == "body" {
			for _, change := range jsondiff.Of(a, b) {
				path := strings.Join(append([]string{column}, change.Path...), ".")
				r.add(Difference{row.key, path, string(change.Before), string(change.After)})
			}
		} else {
			r.add(Difference{row.key, column, string(a), string(b)})
		}
	}
}

func (r *Report) add(d Difference) {
	r.Count++
	if len(r.Differences) < maxDifferences {
		r.Differences = append(r.Differences, d)
	}
}
