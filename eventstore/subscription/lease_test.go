package subscription_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
)

func TestLease_oneOwnerAtATime_theOtherTakesOverWhenItStops(t *testing.T) {
	s := newShop(t)
	first := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet)
	stop := start(t, first)
	s.append(stream(1))
	waitFor(t, first, 1)
	second := subscription.NewProjector(s.store, s.read, owner("b"), &recorder{name: "p"}, quiet)
	start(t, second)
	s.append(stream(1))
	waitFor(t, first, 2)
	require.Equal(t, 1, s.count(`SELECT count(*) FROM consumers WHERE owner = 'a'`))
	require.NoError(t, stop())
	s.append(stream(1))
	waitFor(t, second, 3)
	require.Equal(t, 1, s.count(`SELECT count(*) FROM consumers WHERE owner = 'b'`))
	require.Equal(t, upTo(3), s.seen())
}

func TestLease_ownerThatWasReplaced_cannotWrite(t *testing.T) {
	s := newShop(t)
	inside, thawed := make(chan struct{}), make(chan struct{})
	var frozen atomic.Bool
	old := subscription.NewProjector(s.store, s.read, owner("old"), &recorder{name: "p", hook: func(subscription.Work) error {
		if frozen.CompareAndSwap(false, true) {
			close(inside)
			<-thawed
		}
		return nil
	}}, quiet)
	start(t, old)
	s.append(stream(1))
	<-inside // its transaction is open and holds SQLite's one write lock, so the takeover happens right after it
	go func() {
		_, _ = s.read.Write.Exec(`UPDATE consumers SET owner = 'new', epoch = epoch + 1, lease_until = now_ms() + 60000 WHERE name = 'p'`)
		s.append(stream(1))
	}()
	close(thawed)
	require.Eventually(t, func() bool {
		return s.count(`SELECT count(*) FROM consumers WHERE owner = 'new'`) == 1 && s.head() == 2
	}, 10*time.Second, time.Millisecond)
	before := len(s.seen())
	fresh := subscription.NewProjector(s.store, s.read, subscription.Owner{ID: "fresh", Sole: true}, &recorder{name: "p"}, quiet)
	start(t, fresh)
	waitFor(t, fresh, 2)
	require.Equal(t, upTo(2), s.seen(), "had %d before", before)
}

func TestLease_frozenReactor_itsCheckpointDoesNotMove(t *testing.T) {
	s := newShop(t)
	inside, thawed := make(chan struct{}), make(chan struct{})
	old := subscription.NewReactor(s.store, s.log, owner("old"), reaction{"r", func(ctx context.Context, _ subscription.Work) error {
		close(inside)
		<-thawed
		return nil
	}}, quiet)
	stop := start(t, old)
	s.append(stream(1))
	<-inside
	_, err := s.log.Write.Exec(`UPDATE consumers SET owner = 'new', epoch = epoch + 1, lease_until = now_ms() + 60000 WHERE name = 'r'`)
	require.NoError(t, err)
	close(thawed)
	require.NoError(t, stop())
	var position int64
	require.NoError(t, s.log.Read.QueryRow(`SELECT position FROM consumers WHERE name = 'r'`).Scan(&position))
	require.Zero(t, position)
}

func TestAlone_oneAtATime_andAgainAfterTheFirstEnds(t *testing.T) {
	s := newShop(t)
	var inside, most, runs atomic.Int32
	enough := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	for _, id := range []string{"a", "b"} {
		go func() {
			defer func() { done <- struct{}{} }()
			subscription.Alone(ctx, s.log, owner(id), "inbox", slog.New(slog.DiscardHandler), func(context.Context) error {
				most.Store(max(most.Load(), inside.Add(1)))
				defer inside.Add(-1)
				if runs.Add(1) == 3 {
					close(enough)
				}
				return nil
			})
		}()
	}
	<-enough
	cancel()
	<-done
	<-done
	require.EqualValues(t, 1, most.Load())
}

// A dead owner's lease that a clock of an hour ahead wrote does not keep the others out for an hour.
func TestLease_writtenBeforeTheClockWasSetBack_isTaken(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	first := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet)
	stop := start(t, first)
	waitFor(t, first, 1)
	require.NoError(t, stop())
	_, err := s.read.Write.Exec(`UPDATE consumers SET owner = 'dead', lease_until = now_ms() + 3600000 WHERE name = 'p'`)
	require.NoError(t, err)
	s.append(stream(1))
	second := subscription.NewProjector(s.store, s.read, owner("b"), &recorder{name: "p"}, quiet)
	start(t, second)
	waitFor(t, second, 2)
	require.Equal(t, upTo(2), s.seen())
}
