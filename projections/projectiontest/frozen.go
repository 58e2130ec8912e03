package projectiontest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/projections"
)

func visible[R any](p projections.Projection[R]) func(*testing.T, string) bool {
	return func(t *testing.T, body string) bool {
		var row R
		require.NoError(t, json.Unmarshal([]byte(body), &row))
		return p.Shown == nil || p.Shown(row)
	}
}

// whole reads a list to its end, a few rows at a time.
func whole(t *testing.T, m model, generation int64) (bodies []string) {
	t.Helper()
	for query := (projections.Query{Limit: 3, Frozen: generation}); ; {
		page, next, err := m.list(t.Context(), query)
		require.NoError(t, err)
		bodies = append(bodies, page...)
		if next == "" {
			return bodies
		}
		query.Cursor = next
	}
}

// frozenReady waits until a generation can be read.
func frozenReady(t *testing.T, m model, generation int64) projections.Frozen {
	t.Helper()
	var last projections.Frozen
	require.Eventually(t, func() bool {
		f, err := m.Frozen(t.Context(), generation)
		require.NoError(t, err)
		last = f
		return f.Status == projections.Done
	}, patience, 5*time.Millisecond)
	return last
}

// frozenStays: its list is that of the log's prefix, whatever happens to the log and the live generation afterwards.
func frozenStays(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 31)
	shop.orders(10)
	option, ended := ends()
	m := s.open(f, "a", option, projections.WithPageSize(7))
	run(t, m)
	wait(t, ended)
	middle := f.Store.Known() * 3 / 4
	var want []string
	for _, body := range s.fold(t, everything(t, f.Store)[:middle]) {
		if s.shown(t, body) {
			want = append(want, body)
		}
	}
	require.NotEmpty(t, want)
	asked, err := m.Freeze(t.Context(), middle)
	require.NoError(t, err)
	ready := frozenReady(t, m, asked.Generation)
	require.Equal(t, middle, ready.Position)
	require.Equal(t, middle, ready.EventsDone)
	require.WithinDuration(t, time.Now().Add(projections.FrozenFor), ready.ExpiresAt, time.Minute)
	require.ElementsMatch(t, want, whole(t, m, asked.Generation))

	for range 3 {
		shop.orders(2)
		require.NoError(t, m.Rebuild(t.Context()))
		wait(t, ended)
	}
	require.ElementsMatch(t, want, whole(t, m, asked.Generation))
	other := s.open(f, "b")
	again, err := other.Freeze(t.Context(), middle)
	require.NoError(t, err)
	require.Equal(t, asked.Generation, again.Generation)
	require.ElementsMatch(t, want, whole(t, other, asked.Generation))
	status, err := m.Status(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, asked.Generation, status.Generation)
	reach(t, f, m)
	mustAgree(t, f, s, m)

	_, cursor, err := m.list(t.Context(), projections.Query{Limit: 1, Frozen: asked.Generation})
	require.NoError(t, err)
	if len(want) > 1 {
		_, _, err = m.list(t.Context(), projections.Query{Limit: 1, Cursor: cursor})
		require.ErrorIs(t, err, projections.ErrBadCursor, "the live list is another list")
	}
	for _, never := range []int64{status.Generation, 999} {
		_, _, err = m.list(t.Context(), projections.Query{Limit: 1, Frozen: never})
		require.ErrorIs(t, err, projections.ErrNotFound)
		_, err = m.Frozen(t.Context(), never)
		require.ErrorIs(t, err, projections.ErrNotFound)
	}
}

func freezesOneAtATime(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 32).orders(1)
	m, other := s.open(f, "a"), s.open(f, "b") // nobody runs: what is asked for stays to be done
	first, err := m.Freeze(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, projections.Running, first.Status)
	require.Zero(t, first.ExpiresAt)
	_, _, err = m.list(t.Context(), projections.Query{Limit: 1, Frozen: first.Generation})
	require.ErrorIs(t, err, projections.ErrFreezing)
	again, err := other.Freeze(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, first.Generation, again.Generation)
	_, err = other.Freeze(t.Context(), 6)
	require.ErrorIs(t, err, projections.ErrFreezeRunning)

	run(t, m)
	frozenReady(t, m, first.Generation)
	for position := int64(6); position < 9; position++ {
		next, err := m.Freeze(t.Context(), position)
		require.NoError(t, err)
		frozenReady(t, other, next.Generation)
	}
	_, err = m.Freeze(t.Context(), 9)
	require.ErrorIs(t, err, projections.ErrTooManyFrozen)
	_, err = m.Freeze(t.Context(), 6)
	require.NoError(t, err, "one that is kept is no new one")
}

func freezeResumes(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 33).orders(20)
	first := s.open(f, "a")
	stop := run(t, first)
	reach(t, f, first)
	stop()

	total := f.Store.Known() - 3
	ctx, crash := context.WithCancel(t.Context())
	crashed := make(chan int64, 100)
	dying := s.open(f, "a", projections.WithPageSize(10), projections.WithProgress(func(p projections.Progress) {
		if p.EventsDone >= p.EventsTotal/2 && ctx.Err() == nil {
			crash()
			crashed <- p.EventsDone
		}
	}))
	asked, err := dying.Freeze(t.Context(), total)
	require.NoError(t, err)
	dying.Run(ctx)
	half := wait(t, crashed)
	left, err := dying.Frozen(t.Context(), asked.Generation)
	require.NoError(t, err)
	require.Equal(t, projections.Running, left.Status)

	resumed := make(chan int64, 1000)
	second := s.open(f, "b", projections.WithPageSize(10), projections.WithProgress(func(p projections.Progress) { resumed <- p.EventsDone }))
	run(t, second)
	frozenReady(t, second, asked.Generation)
	require.Greater(t, wait(t, resumed), half, "it goes on from its checkpoint")
	var want []string
	for _, body := range s.fold(t, everything(t, f.Store)[:total]) {
		if s.shown(t, body) {
			want = append(want, body)
		}
	}
	require.ElementsMatch(t, want, whole(t, second, asked.Generation))
}

func frozenGoes(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 34).orders(5)
	m := s.open(f, "a")
	stop := run(t, m)
	old, err := m.Freeze(t.Context(), 4)
	require.NoError(t, err)
	frozenReady(t, m, old.Generation)
	young, err := m.Freeze(t.Context(), f.Store.Known())
	require.NoError(t, err)
	frozenReady(t, m, young.Generation)
	stop()
	_, err = f.DB.Write.ExecContext(t.Context(), `UPDATE consumers SET heartbeat_at = heartbeat_at - $1 WHERE name = $2`,
		projections.FrozenFor.Milliseconds()+60_000, consumer(s, old.Generation))
	require.NoError(t, err)
	run(t, s.open(f, "b"))
	require.Eventually(t, func() bool {
		_, _, err := m.list(t.Context(), projections.Query{Limit: 1, Frozen: old.Generation})
		return err != nil && isNotFound(err)
	}, patience, 5*time.Millisecond)
	require.NotContains(t, generations(t, f, s), old.Generation)
	require.NotEmpty(t, whole(t, m, young.Generation))
}

func consumer(s Subject, generation int64) string { return fmt.Sprintf("%s.%d", s.Name, generation) }
