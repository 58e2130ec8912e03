package projectiontest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/projections"
)

// newer is a projection as the next version of the code has it: with another column, and another table.
func newer[R any](p projections.Projection[R]) projections.Projection[R] {
	p.Version++
	p.Schema = strings.Replace(p.Schema, "(", "(\n\tnovelty bigint NOT NULL,", 1) +
		fmt.Sprintf("\nCREATE TABLE %s_more_{{generation}} (x bigint);\n", p.Name)
	p.Columns = append(p.Columns[:len(p.Columns):len(p.Columns)],
		projections.Column[R]{Name: "novelty", Value: func(R) any { return int64(7) }})
	return p
}

var tableOf = regexp.MustCompile(`CREATE TABLE (\S+)`)

// tablesOf names the tables of one generation.
func tablesOf[R any](p projections.Projection[R]) func(generation int64) []string {
	return func(generation int64) (names []string) {
		for _, found := range tableOf.FindAllStringSubmatch(p.Schema, -1) {
			names = append(names, strings.ReplaceAll(found[1], "{{generation}}", strconv.FormatInt(generation, 10)))
		}
		return names
	}
}

func builder(s Subject) string { return fmt.Sprintf("rebuild:%s/%d", s.Name, s.version) }

// versionsSideBySide is a rollout: copies of two versions of the code run at once, each with rows of its own that it keeps up to date.
func versionsSideBySide(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 61)
	shop.orders(5)
	next := s.newer()
	old, fresh := s.open(f, "old"), next.open(f, "new")
	run(t, old)
	reach(t, f, old)
	rows := stored(t, f, old)

	_, _, err := fresh.get(t.Context(), "x")
	require.ErrorIs(t, err, projections.ErrNotReady)
	status, err := fresh.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Status{Name: s.Name, Version: s.version + 1, Lag: f.Store.Known(), Status: projections.Building}, status)
	finished := make(chan struct{})
	reading := make(chan struct{})
	go func() { defer close(reading); poll(t, old, finished) }()
	run(t, fresh)
	reach(t, f, fresh) // what /readyz waits for
	require.Equal(t, rows, stored(t, f, old), "the old version's rows are not disturbed")
	require.Equal(t, rows, stored(t, f, fresh))
	require.Equal(t, int64(len(rows)), count(t, f, `SELECT count(*) FROM `+liveTable(t, fresh)+` WHERE novelty = 7`), "its rows are those of its own code")

	for range 3 {
		shop.orders(3)
		for _, m := range []model{old, fresh} {
			reach(t, f, m)
			mustAgree(t, f, s, m)
		}
	}
	require.NoError(t, fresh.Rebuild(t.Context()))
	require.NoError(t, old.Rebuild(t.Context()), "each version rebuilds what is its own")
	for _, m := range []model{old, fresh} {
		until(t, func() bool { generation, _, err := m.live(t.Context()); return err == nil && generation > 2 })
	}
	close(finished)
	<-reading
	shop.orders(2)
	for _, m := range []model{old, fresh} {
		reach(t, f, m)
		mustAgree(t, f, s, m)
		require.NoError(t, m.Rollback(t.Context()))
	}
	until(t, func() bool { generation, _, err := old.live(t.Context()); return err == nil && generation == 1 })
	until(t, func() bool { generation, _, err := fresh.live(t.Context()); return err == nil && generation == 2 })
	for _, m := range []model{old, fresh} {
		reach(t, f, m)
		mustAgree(t, f, s, m)
	}
}

// oneCopyBuilds starts many copies of a new version beside copies of the old one.
func oneCopyBuilds(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 62)
	shop.orders(10)
	old := s.open(f, "old")
	run(t, old)
	reach(t, f, old)
	next := s.newer()
	var builders atomic.Int64
	var copies []model
	for i := range 4 {
		var once atomic.Bool
		m := next.open(f, fmt.Sprintf("new %d", i), projections.WithPageSize(10), projections.WithProgress(func(projections.Progress) {
			if once.CompareAndSwap(false, true) {
				builders.Add(1)
			}
		}))
		copies = append(copies, m)
	}
	for _, m := range copies {
		run(t, m)
	}
	shop.orders(3)
	for _, m := range append(copies, old) {
		reach(t, f, m)
		mustAgree(t, f, s, m)
	}
	require.Equal(t, int64(1), builders.Load())
	require.Equal(t, []int64{1, 2}, generations(t, f, s))
}

// versionForgotten: what a code version has left is dropped when nobody has run it for a day, whether a rollout went through or was
// undone; and not while somebody runs it.
func versionForgotten(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 63)
	shop.orders(5)
	next := s.newer()
	for _, v := range []Subject{s, next} {
		m := v.open(f, "first")
		stop := run(t, m)
		reach(t, f, m)
		stop()
	}
	day := func(v Subject, by time.Duration) {
		change(t, f, `UPDATE consumers SET heartbeat_at = heartbeat_at - $1 WHERE name = $2`, by.Milliseconds(), builder(v))
		change(t, f, `UPDATE generations SET created_at = created_at - $1 WHERE projection = $2 AND code_version = $3`, by.Milliseconds(), s.Name, v.version)
	}
	day(next, 24*time.Hour-time.Minute)
	tidied(t, f, s, 1)
	require.Equal(t, int64(1), count(t, f, `SELECT count(*) FROM generations WHERE projection = $1 AND generation = 2`, s.Name))
	day(next, 2*time.Minute)
	tidied(t, f, s, 2)
	next.gone(t, f, 2)

	again := next.open(f, "again") // a version that comes back builds itself anew
	stop := run(t, again)
	reach(t, f, again)
	mustAgree(t, f, s, again)
	stop()
	day(s, 25*time.Hour)
	tidied(t, f, next, 3)
	s.gone(t, f, 1)
	require.Equal(t, int64(1), count(t, f, `SELECT count(*) FROM live WHERE projection = $1`, s.Name))
	mustAgree(t, f, s, again)
}

// gone holds that nothing is left of a version and its one generation.
func (s Subject) gone(t *testing.T, f Fixture, generation int64) {
	t.Helper()
	noTrace(t, f, s, generation)
	require.Zero(t, count(t, f, `SELECT count(*) FROM generations WHERE projection = $1 AND code_version = $2 AND status <> 'thawed'`, s.Name, s.version))
	require.Zero(t, count(t, f, `SELECT count(*) FROM live WHERE projection = $1 AND code_version = $2`, s.Name, s.version))
	require.Zero(t, count(t, f, `SELECT count(*) FROM consumers WHERE name = $1`, builder(s)))
}
