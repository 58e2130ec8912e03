package projectiontest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/projections"
)

// noTrace holds that nothing is left of a generation but that it was.
func noTrace(t *testing.T, f Fixture, s Subject, generation int64) {
	t.Helper()
	for _, table := range s.tables(generation) {
		var n int
		require.Error(t, f.DB.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n), "%s is there", table)
	}
	for _, table := range []string{"parked_positions", "parked", "discarded", "progress"} {
		require.Zero(t, count(t, f, `SELECT count(*) FROM `+table+` WHERE consumer = $1`, consumer(s, generation)), table)
	}
	require.Zero(t, count(t, f, `SELECT count(*) FROM consumers WHERE name = $1`, consumer(s, generation)))
}

func count(t *testing.T, f Fixture, query string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, f.DB.Read.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

// halted is a model whose rebuilds wait after their first page until the test lets them go on.
func halted(s Subject, f Fixture, owner string) (m model, inTheMiddle <-chan projections.Progress, goOn chan struct{}, ended <-chan projections.Progress) {
	middle, on, end := make(chan projections.Progress, 100), make(chan struct{}), make(chan projections.Progress, 10)
	m = s.open(f, owner, projections.WithPageSize(10), projections.WithProgress(func(p projections.Progress) {
		switch {
		case p.Status != projections.Running:
			end <- p
		case p.Generation > 1:
			middle <- p
			<-on
		}
	}))
	return m, middle, on, end
}

// cancelled: whichever process runs the rebuild, another one ends it in the middle, and nothing is left of it.
func cancelled(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 41)
	shop.poison(s.Name) // so that the rebuild has something parked
	shop.orders(10)
	m, middle, goOn, ended := halted(s, f, "a")
	run(t, m)
	require.Equal(t, projections.Done, wait(t, ended).Status)
	before := stored(t, f, m)

	require.NoError(t, m.Rebuild(t.Context()))
	wait(t, middle)
	other := s.open(f, "b")
	require.NoError(t, other.Cancel(t.Context()))
	noTrace(t, f, s, 2)
	close(goOn)
	end := wait(t, ended)
	require.Equal(t, projections.Cancelled, end.Status)
	noTrace(t, f, s, 2)
	progress, err := other.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Cancelled, progress.Status)
	require.Equal(t, int64(2), progress.Generation)
	require.NotZero(t, progress.FinishedAt)
	require.Zero(t, progress.PerSecond)
	require.ErrorIs(t, m.Cancel(t.Context()), projections.ErrNoRebuild)

	status, err := m.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Following, status.Status)
	require.Equal(t, int64(1), status.Generation)
	require.Equal(t, before, stored(t, f, m), "queries go on with what there was")
	require.NoError(t, m.Rebuild(t.Context()))
	require.Equal(t, int64(3), wait(t, ended).Generation, "a number is not used twice")
	require.Equal(t, []int64{1, 3}, generations(t, f, s))
}

// cancelledHere: the process that runs the rebuild is the one that is asked.
func cancelledHere(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 42).orders(10)
	m, middle, goOn, ended := halted(s, f, "a")
	run(t, m)
	wait(t, ended)
	require.NoError(t, m.Rebuild(t.Context()))
	wait(t, middle)
	require.NoError(t, m.Cancel(t.Context()))
	close(goOn)
	require.Equal(t, projections.Cancelled, wait(t, ended).Status)
	noTrace(t, f, s, 2)
	require.NoError(t, m.Rebuild(t.Context()))
	require.Equal(t, projections.Done, wait(t, ended).Status)
	mustAgree(t, f, s, m)
}

// cancelledUnbegun: nobody has taken the rebuild up yet; and a process that died after the word was written leaves the clearing
// away to whoever does rebuilds.
func cancelledUnbegun(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 43).orders(3)
	m := s.open(f, "a")
	require.ErrorIs(t, m.Cancel(t.Context()), projections.ErrNoRebuild)
	require.NoError(t, m.Rebuild(t.Context()))
	require.ErrorIs(t, m.Cancel(t.Context()), projections.ErrFirstBuild)
	stop := run(t, m)
	reach(t, f, m)
	stop()
	require.NoError(t, m.Rebuild(t.Context()))
	require.NoError(t, m.Cancel(t.Context()))
	noTrace(t, f, s, 2)

	require.NoError(t, m.Rebuild(t.Context()))
	change(t, f, `UPDATE generations SET status = 'cancelled' WHERE projection = $1 AND generation = 3`, s.Name)
	require.NotZero(t, count(t, f, `SELECT count(*) FROM consumers WHERE name = $1`, consumer(s, 3)))
	run(t, m)
	until(t, func() bool { return count(t, f, `SELECT count(*) FROM consumers WHERE name = $1`, consumer(s, 3)) == 0 })
	noTrace(t, f, s, 3)
	reach(t, f, m)
	mustAgree(t, f, s, m)
}

// cancelledAtTheEnd: a cut-over and a cancelling that meet have one winner, and the answer says which.
func cancelledAtTheEnd(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 44).orders(2)
	near := make(chan int64, 100)
	m, other := s.open(f, "a", projections.WithProgress(func(p projections.Progress) {
		if p.Status == projections.Running {
			near <- p.Generation
		}
	})), s.open(f, "b")
	run(t, m)
	reach(t, f, m)
	for i := range 6 {
		before, _, err := m.live(t.Context())
		require.NoError(t, err)
		require.NoError(t, m.Rebuild(t.Context()))
		for i%2 == 1 && wait(t, near) <= before { // its only page is there: index, cut-over and the word come at once
		}
		word := other.Cancel(context.Background())
		if word != nil {
			require.ErrorIs(t, word, projections.ErrNoRebuild)
			until(t, func() bool { now, _, err := m.live(t.Context()); return err == nil && now > before })
			continue
		}
		progress, err := other.Progress(t.Context())
		require.NoError(t, err)
		require.Equal(t, projections.Cancelled, progress.Status)
		now, _, err := m.live(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, now)
		noTrace(t, f, s, progress.Generation)
	}
	reach(t, f, m)
	mustAgree(t, f, s, m)
}
