package projectiontest

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/projections"
)

// diesAt is the page of the rebuild after which DieInRebuild's process ends, and pageOfDying how many events it has.
const (
	diesAt      = 5
	pageOfDying = 10
)

// DieInRebuild is for a process of its own, on an empty shop: it makes a log, builds a read model, begins to rebuild it, and
// is killed in the middle, as kill -9 does it: nothing is tidied up, and no transaction is ended in order.
func DieInRebuild[R any](t *testing.T, f Fixture, p projections.Projection[R]) {
	newShop(t, f.Store, 71).orders(30)
	pages := 0
	m := Of(p).open(f, "killed", projections.WithPageSize(pageOfDying), projections.WithProgress(func(progress projections.Progress) {
		if progress.Generation == 2 {
			pages++
		}
		if pages == diesAt {
			self, err := os.FindProcess(os.Getpid())
			require.NoError(t, err)
			require.NoError(t, self.Kill())
			select {}
		}
	}))
	run(t, m)
	reach(t, f, m)
	require.NoError(t, m.Rebuild(t.Context()))
	until(t, func() bool { return false }) // it does not live to see that
}

// ResumeAfterKill goes on with what DieInRebuild has left, and holds that what was folded already is not folded again.
func ResumeAfterKill[R any](t *testing.T, f Fixture, p projections.Projection[R]) {
	counted := p
	var mu sync.Mutex
	folded := map[int64]int{}
	counted.Fold = func(row R, event projections.Event) R {
		mu.Lock()
		defer mu.Unlock()
		folded[event.Position]++
		return p.Fold(row, event)
	}
	s := Of(counted)
	option, ended := ends()
	m := s.open(f, "next", option)
	generation, _, err := m.live(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), generation, "queries go on with what there was")
	progress, err := m.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Running, progress.Status)
	at := checkpoint(t, f, s, 2)
	require.GreaterOrEqual(t, at, int64(diesAt*pageOfDying))

	stop := run(t, m)
	require.Equal(t, projections.Progress{Generation: 2, Status: projections.Done}, brief(wait(t, ended)))
	reach(t, f, m)
	stop()
	want := map[int64]int{}
	for _, record := range everything(t, f.Store)[at:] {
		keys, err := counted.Keys(record)
		require.NoError(t, err)
		if len(keys) > 0 {
			want[record.Position] = len(keys)
		}
	}
	require.NotEmpty(t, want)
	require.Equal(t, want, folded, "each event after position %d once, and none before", at)
	mustAgree(t, f, s, m)
	require.Zero(t, count(t, f, `SELECT count(*) FROM generations WHERE status = 'running'`))
}
