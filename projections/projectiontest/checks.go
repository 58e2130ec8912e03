package projectiontest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/projections"
)

// damage spoils the live rows in each way that a row can be spoilt, and returns the keys that differ then.
func damage(t *testing.T, f Fixture, m model) (keys []string) {
	rows := stored(t, f, m)
	for key := range rows {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	require.GreaterOrEqual(t, len(keys), 4)
	keys = append(keys[:4:4], "zzz")
	table := liveTable(t, m)
	change(t, f, `UPDATE `+table+` SET body = $1 WHERE key = $2`, strings.Replace(rows[keys[0]], `"position":`, `"position":7`, 1), keys[0])
	change(t, f, `DELETE FROM `+table+` WHERE key = $1`, keys[1])
	change(t, f, `UPDATE `+table+` SET key = $1 WHERE key = $2`, keys[4], keys[2])
	change(t, f, `UPDATE `+table+` SET shown = NOT shown WHERE key = $1`, keys[3])
	return keys
}

// differing are the keys of a report's differences.
func differing(r projections.Report) (keys []string) {
	for _, d := range r.Differences {
		keys = append(keys, d.Key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// damaged is a shop whose live rows are spoilt, and a model that runs.
func damaged(t *testing.T, f Fixture, s Subject, options ...projections.Option) (m model, ended <-chan projections.Progress, keys []string) {
	newShop(t, f.Store, 20).orders(10)
	option, ended := ends()
	m = s.open(f, "a", append(options, option, projections.WithPageSize(9))...)
	run(t, m)
	require.Equal(t, projections.Done, wait(t, ended).Status)
	reach(t, f, m)
	return m, ended, damage(t, f, m)
}

func repairMends(t *testing.T, f Fixture, s Subject) {
	m, _, keys := damaged(t, f, s)
	repaired, err := m.Repair(t.Context())
	require.NoError(t, err)
	require.Equal(t, keys, differing(repaired.Report))
	status, err := m.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(5), status.Verified.Differences)
	require.Equal(t, repaired.Mended, status.Verified.Mended)
	if !s.streams {
		require.Zero(t, repaired.Mended)
		require.Equal(t, int64(len(keys)), repaired.LeftCount)
		require.Contains(t, repaired.Left[0].Why, "rebuild")
		_, err := m.Mend(t.Context(), keys[0])
		require.ErrorIs(t, err, projections.ErrNoStreams)
		return
	}
	require.Equal(t, int64(len(keys)), repaired.Mended)
	require.Empty(t, repaired.Left)
	mustAgree(t, f, s, m)
	report, err := m.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, report.Count, "%v", report.Differences)
	status, err = m.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Verified{At: status.Verified.At, Generation: 1, Position: report.Position}, status.Verified)
	require.NotZero(t, status.Verified.At)
}

func mendTells(t *testing.T, f Fixture, s Subject) {
	if !s.streams {
		t.Skip("its rows cannot be folded alone")
	}
	m, _, keys := damaged(t, f, s)
	for i, want := range []projections.Outcome{projections.Written, projections.Written, projections.Written, projections.Written, projections.Removed} {
		mended, err := m.Mend(t.Context(), keys[i])
		require.NoError(t, err)
		require.Equal(t, want, mended.Was)
		require.Equal(t, int64(1), mended.Count, "%v", mended.Differences)
		if want == projections.Written {
			mended, err = m.Mend(t.Context(), keys[i])
			require.NoError(t, err)
			require.Equal(t, projections.AsItWas, mended.Was)
		}
	}
	mustAgree(t, f, s, m)
	for _, key := range []string{keys[4], "no\x00such"} {
		_, err := m.Mend(t.Context(), key)
		require.ErrorIs(t, err, projections.ErrNotFound)
	}
}

// mendBeside spoils and mends rows while events for them come in, and live folds those onto whatever is there.
func mendBeside(t *testing.T, f Fixture, s Subject) {
	if !s.streams {
		t.Skip("its rows cannot be folded alone")
	}
	shop := newShop(t, f.Store, 21)
	shop.orders(5)
	m := s.open(f, "a")
	run(t, m)
	reach(t, f, m)
	var others sync.WaitGroup
	finished := make(chan struct{})
	others.Go(func() {
		defer close(finished)
		for range 12 {
			shop.orders(3)
		}
	})
	for spoilt := 0; spoilt < 5 || !closed(finished); spoilt++ {
		for key := range stored(t, f, m) {
			change(t, f, fmt.Sprintf(`UPDATE %s SET body = replace(body, '"position":', '"position":7'), shown = NOT shown WHERE key = $1`, liveTable(t, m)), key)
			_, err := m.Mend(t.Context(), key)
			require.NoError(t, err)
			if closed(finished) {
				break
			}
		}
	}
	others.Wait()
	reach(t, f, m)
	mustAgree(t, f, s, m)
	report, err := m.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, report.Count, "%v", report.Differences)
}

func mendLeavesParked(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 22)
	shop.orders(3)
	m := s.open(f, "a")
	run(t, m)
	reach(t, f, m)
	key, _ := shop.poison(s.Name)
	reach(t, f, m)
	before := stored(t, f, m)
	change(t, f, `UPDATE `+liveTable(t, m)+` SET shown = NOT shown WHERE key = $1`, key)
	if s.streams {
		_, err := m.Mend(t.Context(), key)
		require.ErrorIs(t, err, projections.ErrParked)
	}
	repaired, err := m.Repair(t.Context())
	require.NoError(t, err)
	require.Zero(t, repaired.Count)
	require.Equal(t, int64(1), repaired.Parked)
	require.Equal(t, before, stored(t, f, m))
}

func dryRunTells(t *testing.T, f Fixture, s Subject) {
	m, ended, keys := damaged(t, f, s)
	before := stored(t, f, m)
	require.NoError(t, m.Rebuild(t.Context(), projections.DryRun()))
	p := wait(t, ended)
	require.Equal(t, projections.Done, p.Status)
	p, err := m.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, []any{projections.Done, int64(2), true, ""}, []any{p.Status, p.Generation, p.DryRun, p.Error})
	require.NotNil(t, p.Report)
	require.Equal(t, int64(5), p.Report.Count)
	require.Equal(t, keys, differing(*p.Report))
	require.Equal(t, before, stored(t, f, m))
	require.Equal(t, s.Name+"_1", liveTable(t, m))
	noTrace(t, f, s, 2)

	require.NoError(t, m.Rebuild(t.Context(), projections.DryRun(), projections.MaxChanges(3)))
	wait(t, ended)
	p, err = m.Progress(t.Context())
	require.NoError(t, err)
	require.Contains(t, p.Error, "refused if it were no dry run: it differs")
	require.Equal(t, []any{projections.Done, true}, []any{p.Status, p.Refused})
	require.Equal(t, []int64{1, 3}, generations(t, f, s), "the dry run before is forgotten")
}

func tooManyChanges(t *testing.T, f Fixture, s Subject) {
	m, ended, keys := damaged(t, f, s)
	before := stored(t, f, m)
	require.NoError(t, m.Rebuild(t.Context(), projections.MaxChanges(4)))
	require.Equal(t, projections.Failed, wait(t, ended).Status)
	p, err := m.Progress(t.Context())
	require.NoError(t, err)
	require.Contains(t, p.Error, "refused: it differs from the live generation in 5 places, 1 more than the 4")
	require.True(t, p.Refused)
	require.Equal(t, keys, differing(*p.Report))
	require.Equal(t, int64(4), *p.MaxChanges)
	require.Equal(t, before, stored(t, f, m))
	require.Equal(t, s.Name+"_1", liveTable(t, m))
	for _, table := range s.tables(2) {
		_, err := f.DB.Read.ExecContext(t.Context(), `SELECT 1 FROM `+table)
		require.Error(t, err, "its rows go at once")
	}

	require.NoError(t, m.Rebuild(t.Context(), projections.MaxChanges(5)))
	require.Equal(t, projections.Done, wait(t, ended).Status)
	require.Equal(t, s.Name+"_3", liveTable(t, m))
	mustAgree(t, f, s, m)
}

// optionsSurvive lets another process finish what a process was asked for that died.
func optionsSurvive(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 23).orders(10)
	first := s.open(f, "a")
	stop := run(t, first)
	reach(t, f, first)
	stop()
	damage(t, f, first)

	ctx, crash := context.WithCancel(t.Context())
	dying := s.open(f, "a", projections.WithPageSize(5), projections.WithProgress(func(projections.Progress) { crash() }))
	require.NoError(t, dying.Rebuild(t.Context(), projections.MaxChanges(0)))
	dying.Run(ctx)
	p, err := dying.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Running, p.Status)
	require.Nil(t, p.Report)

	option, ended := ends()
	second := s.open(f, "b", option)
	stopSecond := run(t, second)
	p = wait(t, ended)
	require.Equal(t, projections.Failed, p.Status)
	require.Equal(t, int64(5), p.Report.Count)
	require.Equal(t, s.Name+"_1", liveTable(t, second))
	stopSecond()

	// One dies when it has compared, and before it has refused.
	third := s.open(f, "c", option)
	require.NoError(t, third.Rebuild(t.Context(), projections.MaxChanges(0)))
	_, err = f.DB.Write.ExecContext(t.Context(), `
		UPDATE generations SET report = (SELECT g.report FROM generations g WHERE g.projection = $1 AND g.generation = 2)
		WHERE projection = $1 AND status = 'running'`, s.Name)
	require.NoError(t, err)
	run(t, third)
	require.Equal(t, projections.Failed, wait(t, ended).Status)
	require.Equal(t, s.Name+"_1", liveTable(t, third))
}
