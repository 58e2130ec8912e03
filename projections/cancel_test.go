package projections

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
)

// opened makes the model of a projection without rows on an empty shop.
func opened(t *testing.T) func(owner string) *Model[int] {
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store := eventstore.New(db.Driver())
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	write, read := db.Read()
	nothing := Projection[int]{Name: "nothing", Version: 1, Schema: `CREATE TABLE nothing_{{generation}} (key keytext PRIMARY KEY, shown boolean, body text);`}
	return func(owner string) *Model[int] {
		return New(nothing, store, subscription.Database{Write: write, Read: read}, subscription.Owner{ID: owner}, WithLogger(slog.New(slog.DiscardHandler)))
	}
}

// TestInterruptible: whoever fills a generation is stopped within a second, whatever statement it waits for, when another process has
// cancelled it; and at once when this one has.
func TestInterruptible_endsWhenTheGenerationIsCancelled(t *testing.T) {
	open := opened(t)
	here, elsewhere := open("here"), open("elsewhere")
	for name, from := range map[string]*Model[int]{"here": here, "elsewhere": elsewhere} {
		t.Run(name, func(t *testing.T) {
			generation, err := here.begin(t.Context(), Running)
			require.NoError(t, err)
			work, done := here.interruptible(t.Context(), generation)
			defer done()
			require.NoError(t, work.Err())
			require.NoError(t, from.cancel(t.Context(), generation))
			if from == here {
				require.Error(t, work.Err())
			}
			select {
			case <-work.Done():
			case <-time.After(time.Second):
				require.Fail(t, "it was not noticed")
			}
			require.ErrorIs(t, from.cancel(t.Context(), generation), ErrNoRebuild)
		})
	}
}

// TestProgress_speed_isThatOfOneWhoWorks: what a process that died has noted says nothing after a while, and nothing after a resume.
func TestProgress_speed_isThatOfOneWhoWorks(t *testing.T) {
	m := opened(t)("a")
	generation, err := m.begin(t.Context(), Running)
	require.NoError(t, err)
	set := func(statement string, args ...any) {
		_, err := m.db.Write.ExecContext(t.Context(), statement, args...)
		require.NoError(t, err)
	}
	speed := func() int64 {
		p, err := m.Progress(t.Context())
		require.NoError(t, err)
		return p.PerSecond
	}
	require.Zero(t, speed())
	set(`UPDATE generations SET rate = 70`)
	require.EqualValues(t, 70, speed())
	set(`UPDATE consumers SET heartbeat_at = now_ms() - $1`, (silent + time.Second).Milliseconds())
	require.Zero(t, speed(), "nobody works on it")
	b, err := m.resume(t.Context(), generation)
	require.NoError(t, err)
	begun, rollback, err := m.begun(t.Context(), generation)
	require.NoError(t, err)
	require.False(t, rollback)
	require.Zero(t, speed(), "what the one before has noted is over")
	told := m.filling(b, begun, Running)
	told.kept = time.Now().Add(-keepRateEvery)
	told.speed.passed[0].at = time.Now().Add(-time.Second)
	told.page(t.Context())(500)
	require.InDelta(t, 500, speed(), 100)
}
