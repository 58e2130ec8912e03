package projectiontest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
	"ordermill/projections"
)

// patience is how long a test waits for a signal that must come.
const patience = 30 * time.Second

// Run holds every projection to every rule on the database that open makes anew for each test.
func Run(t *testing.T, subjects []Subject, open func(t *testing.T) Fixture) {
	for name, rule := range map[string]func(*testing.T, Fixture, Subject){
		"first start builds generation 1":                   firstStart,
		"hostile deliveries give the same rows":             hostileDeliveries,
		"replaying twice is replaying once":                 replayTwice,
		"a rebuild resumes after a crash and flips exactly": rebuildUnderLoad,
		"the flip is never behind what was live":            exactFlip,
		"one rebuild at a time":                             oneAtATime,
		"another process follows the flip":                  twoProcesses,
		"verify finds what was changed":                     verifyFinds,
		"a poisoned key is parked, others go on":            poisonedAcrossPages,
		"a key poisoned in the middle of a page, too":       poisonedInPage,
		"an unknown event stops, and is not parked":         unknownEvent,
		"a list pages through all rows in order":            listPages,
		"a foreign cursor is refused":                       foreignCursor,
		"a condition keeps the rows that it says":           conditions,
		"a row as of a position is a fold of that prefix":   pastIsThere,
		"as of a time is as of a position":                  timeIsAPrefix,
		"a frozen generation stays as of its position":      frozenStays,
		"one freezes at a time, the same position is one":   freezesOneAtATime,
		"a freeze resumes after a crash":                    freezeResumes,
		"a frozen generation goes when its hour is over":    frozenGoes,
		"a repair mends what differs":                       repairMends,
		"mending one row tells what was wrong":              mendTells,
		"a row is mended while events for it come in":       mendBeside,
		"a parked row is not mended":                        mendLeavesParked,
		"a dry run tells, and changes nothing":              dryRunTells,
		"more changes than allowed are refused":             tooManyChanges,
		"what a rebuild was asked for survives a kill":      optionsSurvive,
		"a cancelled rebuild leaves no trace":               cancelled,
		"a rebuild is cancelled where it runs":              cancelledHere,
		"a rebuild is cancelled before anybody begins":      cancelledUnbegun,
		"a cut-over or its cancelling wins":                 cancelledAtTheEnd,
		"a rollback catches up, flips exactly, and back":    rollsBack,
		"a rollback is a rebuild to others":                 rollbackOneAtATime,
		"a rollback resumes after a crash":                  rollbackResumes,
		"a generation is kept for a time":                   keptForATime,
		"a new version builds itself beside the old one":    versionsSideBySide,
		"one of many copies builds a new version":           oneCopyBuilds,
		"a version that nobody runs is forgotten":           versionForgotten,
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range subjects {
				t.Run(s.Name, func(t *testing.T) {
					t.Parallel() // each has a shop of its own, and waits most of the time
					rule(t, open(t), s)
				})
			}
		})
	}
}

// run runs a model until the test ends or stop is called.
func run(t *testing.T, m model, options ...subscription.Option) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { m.Run(ctx, options...) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func reach(t *testing.T, f Fixture, m model) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	head, err := f.Store.Head(ctx)
	require.NoError(t, err)
	require.NoError(t, m.WaitFor(ctx, head.Position), "%s must reach the head", m.Name())
}

// ends is an option that signals the end of a rebuild.
func ends() (projections.Option, <-chan projections.Progress) {
	ended := make(chan projections.Progress, 10)
	return projections.WithProgress(func(p projections.Progress) {
		if p.Status != projections.Running {
			ended <- p
		}
	}), ended
}

func wait[T any](t *testing.T, c <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-c:
	case <-time.After(patience):
		require.Fail(t, "the signal did not come")
	}
	return got
}

func mustAgree(t *testing.T, f Fixture, s Subject, m model) {
	t.Helper()
	require.Equal(t, s.fold(t, everything(t, f.Store)), stored(t, f, m))
}

func firstStart(t *testing.T, f Fixture, s Subject) {
	m := s.open(f, "a")
	_, _, err := m.get(t.Context(), "x")
	require.ErrorIs(t, err, projections.ErrNotReady)

	newShop(t, f.Store, 1).orders(12)
	run(t, m)
	reach(t, f, m)

	status, err := m.Status(t.Context())
	require.NoError(t, err)
	head, err := f.Store.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Status{Name: s.Name, Version: s.version, Generation: 1, Position: head.Position, Tended: true, Status: projections.Following}, status)
	mustAgree(t, f, s, m)
}

func hostileDeliveries(t *testing.T, f Fixture, s Subject) {
	m := s.open(f, "a")
	run(t, m, subscription.WithFeeds(hostile{f.Store, 1}, hostile{f.Store, 2}))
	shop := newShop(t, f.Store, 2)
	for range 4 {
		shop.orders(5)
		reach(t, f, m)
		mustAgree(t, f, s, m)
	}
}

func replayTwice(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 3).orders(20)
	option, ended := ends()
	m := s.open(f, "a", option, projections.WithPageSize(7))
	run(t, m)
	require.Equal(t, projections.Done, wait(t, ended).Status)
	once := stored(t, f, m)
	for generation := int64(2); generation <= 4; generation++ {
		require.NoError(t, m.Rebuild(t.Context()))
		require.Equal(t, generation, wait(t, ended).Generation)
		require.Equal(t, once, stored(t, f, m))
	}
	mustAgree(t, f, s, m)
	require.Equal(t, []int64{3, 4}, generations(t, f, s), "the live generation and the one before it stay")
}

func generations(t *testing.T, f Fixture, s Subject) (numbers []int64) {
	rows, err := f.DB.Read.QueryContext(t.Context(), `SELECT generation FROM generations WHERE projection = $1 ORDER BY generation`, s.Name)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var n int64
		require.NoError(t, rows.Scan(&n))
		numbers = append(numbers, n)
	}
	return numbers
}

func oneAtATime(t *testing.T, f Fixture, s Subject) {
	m := s.open(f, "a") // it does not run: what is asked for stays to be done
	require.NoError(t, m.Rebuild(t.Context()))
	require.ErrorIs(t, m.Rebuild(t.Context()), projections.ErrRebuildRunning)
	require.ErrorIs(t, s.open(f, "b").Rebuild(t.Context()), projections.ErrRebuildRunning)
	progress, err := m.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Running, progress.Status)
	require.Zero(t, progress.FinishedAt)
}

func twoProcesses(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 4)
	shop.orders(3)
	option, ended := ends()
	a, b := s.open(f, "a", option), s.open(f, "b", option)
	stop := run(t, a)
	wait(t, ended)
	run(t, b)
	stop() // b takes over what a followed
	shop.orders(3)
	reach(t, f, b)
	mustAgree(t, f, s, b)

	run(t, a)
	require.NoError(t, a.Rebuild(t.Context())) // whoever may, does it
	require.Equal(t, int64(2), wait(t, ended).Generation)
	shop.orders(3)
	for _, m := range []model{a, b} {
		reach(t, f, m)
		mustAgree(t, f, s, m)
	}
}

// rebuildUnderLoad crashes a rebuild in the middle, while a writer appends and a reader polls, and lets another process
// finish it.
func rebuildUnderLoad(t *testing.T, f Fixture, s Subject) {
	const pageSize = 10
	shop := newShop(t, f.Store, 5)
	shop.orders(30)
	first := s.open(f, "a")
	stopFollowing := run(t, first)
	reach(t, f, first)
	stopFollowing()

	crashed := make(chan int64, 1)
	ctx, crash := context.WithCancel(t.Context())
	dying := s.open(f, "a", projections.WithPageSize(pageSize), projections.WithProgress(func(p projections.Progress) {
		if p.EventsDone >= p.EventsTotal/2 && p.Status == projections.Running && ctx.Err() == nil {
			crash()
			crashed <- p.EventsDone
		}
	}))
	require.NoError(t, dying.Rebuild(t.Context()))
	dying.Run(ctx)
	half := wait(t, crashed)
	status, err := dying.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, projections.Rebuilding, status.Status)
	live, next := status.Consumers()
	require.Equal(t, []string{s.Name + ".1", s.Name + ".2"}, []string{live, next})

	resumedAt, done := make(chan int64, 1), make(chan projections.Progress, 1)
	second := s.open(f, "b", projections.WithPageSize(pageSize), projections.WithProgress(func(p projections.Progress) {
		select {
		case resumedAt <- p.EventsDone:
		default:
		}
		if p.Status == projections.Done {
			done <- p
		}
	}))
	var others sync.WaitGroup
	finished := make(chan struct{})
	others.Go(func() { poll(t, second, finished) })
	others.Go(func() {
		for i := 0; i < 40 && !closed(finished); i++ {
			shop.orders(1)
		}
	})
	run(t, second)
	require.Greater(t, wait(t, resumedAt), half, "it goes on from its checkpoint")
	require.Equal(t, int64(2), wait(t, done).Generation)
	close(finished)
	others.Wait()
	reach(t, f, second)
	mustAgree(t, f, s, second)
	status, err = second.Status(t.Context())
	require.NoError(t, err)
	live, next = status.Consumers()
	require.Equal(t, []string{s.Name + ".2", ""}, []string{live, next})
	report, err := second.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, report.Count, "%v", report.Differences)
}

// exactFlip lets more happen, and live fold it, whenever the rebuild thinks that it has reached the end: so there is always
// something left to do for the cut-over itself.
func exactFlip(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 12)
	shop.orders(3)
	var m model
	var seen int64 // where live stood when the cut-over began, at least
	ended := make(chan projections.Progress, 10)
	m = s.open(f, "a", projections.WithProgress(func(p projections.Progress) {
		if p.Status != projections.Running {
			ended <- p
			return
		}
		if p.Generation == 2 {
			shop.orders(1)
			seen = f.Store.Known()
			if err := m.WaitFor(context.Background(), seen); err != nil {
				t.Error(err)
			}
		}
	}))
	run(t, m)
	wait(t, ended)
	require.NoError(t, m.Rebuild(t.Context()))
	require.Equal(t, int64(2), wait(t, ended).Generation)
	var flipped int64
	require.NoError(t, f.DB.Read.QueryRowContext(t.Context(), `SELECT min(position) FROM progress WHERE consumer = $1`, s.Name+".2").Scan(&flipped))
	require.GreaterOrEqual(t, flipped, seen)
	reach(t, f, m)
	mustAgree(t, f, s, m)
}

// poll reads until finished: never an empty list, never an older position than before.
func poll(t *testing.T, m model, finished <-chan struct{}) {
	var last int64
	for !closed(finished) {
		_, position, err := m.get(context.Background(), "TEDDY-0")
		if err != nil && !isNotFound(err) {
			t.Errorf("a reader was disturbed: %v", err)
			return
		}
		if position < last {
			t.Errorf("position went back from %d to %d", last, position)
			return
		}
		last = position
		bodies, _, err := m.list(context.Background(), projections.Query{Limit: 5})
		if err != nil || len(bodies) == 0 {
			t.Errorf("a reader saw %d rows (error: %v)", len(bodies), err)
			return
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
