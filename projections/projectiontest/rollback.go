package projectiontest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/projections"
)

func checkpoint(t *testing.T, f Fixture, s Subject, generation int64) int64 {
	return count(t, f, `SELECT position FROM consumers WHERE name = $1`, consumer(s, generation))
}

// rollsBack goes back to the generation of before, and forward again, while a writer appends and a reader polls.
func rollsBack(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 51)
	shop.orders(20)
	pages, ended := make(chan projections.Progress, 1000), make(chan projections.Progress, 10)
	m := s.open(f, "a", projections.WithPageSize(10), projections.WithProgress(func(p projections.Progress) {
		if p.Status == projections.Running {
			pages <- p
		} else {
			ended <- p
		}
	}))
	run(t, m)
	wait(t, ended)
	require.ErrorIs(t, m.Rollback(t.Context()), projections.ErrNothingKept)
	require.NoError(t, m.Rebuild(t.Context()))
	wait(t, ended)
	stoodAt := checkpoint(t, f, s, 1)
	shop.orders(20)
	reach(t, f, m)
	require.Equal(t, stoodAt, checkpoint(t, f, s, 1), "nobody works on the generation that is kept")
	status, err := m.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), status.Kept)
	require.WithinDuration(t, time.Now().Add(projections.KeptFor), status.KeptUntil, time.Minute)

	for _, generation := range []int64{1, 2, 1} {
		for len(pages) > 0 {
			<-pages
		}
		stoodAt := checkpoint(t, f, s, generation)
		shop.orders(2) // so that there is something to catch up with, however late the writer below begins
		finished := make(chan struct{})
		var others sync.WaitGroup
		others.Go(func() { poll(t, m, finished) })
		others.Go(func() {
			for i := 0; i < 20 && !closed(finished); i++ {
				shop.orders(1)
			}
		})
		require.NoError(t, m.Rollback(t.Context()))
		require.Equal(t, projections.Progress{Generation: generation, Status: projections.Done}, brief(wait(t, ended)))
		close(finished)
		others.Wait()
		require.Greater(t, wait(t, pages).EventsDone, stoodAt, "it goes on from its own checkpoint")
		reach(t, f, m)
		mustAgree(t, f, s, m)
		require.Len(t, generations(t, f, s), 2)
	}
	report, err := m.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, report.Count, "%v", report.Differences)
}

func brief(p projections.Progress) projections.Progress {
	return projections.Progress{Generation: p.Generation, Status: p.Status}
}

// rebuiltOnce is a model with a generation to go back to, that nobody runs; and the shop and the signal of its rebuilds' ends.
func rebuiltOnce(t *testing.T, f Fixture, s Subject, seed uint64) (*shop, model, <-chan projections.Progress) {
	shop := newShop(t, f.Store, seed)
	shop.orders(5)
	option, ended := ends()
	m := s.open(f, "a", option)
	stop := run(t, m)
	wait(t, ended)
	require.NoError(t, m.Rebuild(t.Context()))
	wait(t, ended)
	stop()
	return shop, m, ended
}

// rollbackOneAtATime: a rollback is a rebuild as far as others are concerned, and cancelling it leaves what it would go back to.
func rollbackOneAtATime(t *testing.T, f Fixture, s Subject) {
	shop, m, ended := rebuiltOnce(t, f, s, 52)
	shop.orders(5)

	other := s.open(f, "b") // nobody runs: what is asked for stays to be done
	require.NoError(t, other.Rollback(t.Context()))
	require.ErrorIs(t, m.Rollback(t.Context()), projections.ErrRebuildRunning)
	require.ErrorIs(t, m.Rebuild(t.Context()), projections.ErrRebuildRunning)
	progress, err := m.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Progress{Generation: 1, Status: projections.Running}, brief(progress))
	require.NoError(t, m.Cancel(t.Context()))
	progress, err = m.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Progress{Generation: 1, Status: projections.Cancelled}, brief(progress))
	status, err := m.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{2, 0, 1}, []int64{status.Generation, status.Next, status.Kept})

	require.NoError(t, m.Rollback(t.Context()))
	run(t, m)
	require.Equal(t, projections.Progress{Generation: 1, Status: projections.Done}, brief(wait(t, ended)))
	reach(t, f, m)
	mustAgree(t, f, s, m)
}

// rollbackResumes: the process that rolls back dies in the middle, and another one finishes.
func rollbackResumes(t *testing.T, f Fixture, s Subject) {
	shop, _, _ := rebuiltOnce(t, f, s, 53)
	shop.orders(20)

	ctx, crash := context.WithCancel(t.Context())
	dying := s.open(f, "b", projections.WithPageSize(10), projections.WithProgress(func(projections.Progress) { crash() }))
	require.NoError(t, dying.Rollback(t.Context()))
	dying.Run(ctx)
	at := checkpoint(t, f, s, 1)
	require.Less(t, at, f.Store.Known())
	first := make(chan projections.Progress, 1000)
	last := s.open(f, "c", projections.WithPageSize(10), projections.WithProgress(func(p projections.Progress) { first <- p }))
	run(t, last)
	require.Equal(t, at+10, wait(t, first).EventsDone)
	until(t, func() bool { generation, _, err := last.live(t.Context()); return err == nil && generation == 1 })
	reach(t, f, last)
	mustAgree(t, f, s, last)
}

// keptForATime: the generation of before goes when its time is over, and not sooner.
func keptForATime(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 54).orders(3)
	option, ended := ends()
	m := s.open(f, "a", option)
	stop := run(t, m)
	wait(t, ended)
	require.NoError(t, m.Rebuild(t.Context()))
	wait(t, ended)
	stop()
	age := func(by time.Duration) {
		change(t, f, `UPDATE generations SET retired_at = retired_at - $1 WHERE projection = $2 AND generation = 1`, by.Milliseconds(), s.Name)
	}
	age(projections.KeptFor - time.Minute)
	tidied(t, f, s, 1)
	require.Equal(t, int64(1), count(t, f, `SELECT count(*) FROM generations WHERE projection = $1 AND generation = 1`, s.Name))
	age(2 * time.Minute)
	tidied(t, f, s, 2)
	noTrace(t, f, s, 1)
	require.ErrorIs(t, m.Rollback(t.Context()), projections.ErrNothingKept)
	status, err := m.Status(t.Context())
	require.NoError(t, err)
	require.Zero(t, status.Kept)
	require.Zero(t, status.KeptUntil)
}

// tidied runs a model until it has dropped what was kept long enough: that is the first it does, before it freezes anything.
func tidied(t *testing.T, f Fixture, s Subject, freezeAt int64) {
	t.Helper()
	m := s.open(f, "tidy")
	defer run(t, m)()
	asked, err := m.Freeze(t.Context(), freezeAt)
	require.NoError(t, err)
	frozenReady(t, m, asked.Generation)
}
