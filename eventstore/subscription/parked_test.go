package subscription_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
)

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Run("SQLite", func(t *testing.T) { test(t, newShop(t)) })
	t.Run("Postgres", func(t *testing.T) { test(t, newPostgresShop(t)) })
}

// ill is what a consumer makes of its keys: it refuses stream(1) until it is cured, and remembers the order of what it took.
type ill struct {
	cured atomic.Bool
	mu    sync.Mutex
	took  map[string][]int64
	tries int
}

func (i *ill) handle(w subscription.Work) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.tries++
	if w.Key == stream(1) && !i.cured.Load() {
		return subscription.Park(w.Key, fmt.Errorf("cannot be, in try %d", i.tries))
	}
	if i.took == nil {
		i.took = map[string][]int64{}
	}
	for _, d := range w.Deliveries {
		i.took[w.Key] = append(i.took[w.Key], d.Position)
	}
	return nil
}

func (i *ill) tried() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return fmt.Sprint(i.tries)
}

func (i *ill) taken(key string) []int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]int64(nil), i.took[key]...)
}

// kinds makes a consumer of either kind, named c, and tells where its tables are.
var kinds = map[string]func(s *shop, id string, i *ill) (*subscription.Consumer, subscription.Overview){
	"projector": func(s *shop, id string, i *ill) (*subscription.Consumer, subscription.Overview) {
		return subscription.NewProjector(s.store, s.read, owner(id), &recorder{name: "c", hook: i.handle}, quiet), subscription.Overview{s.read}
	},
	"reactor": func(s *shop, id string, i *ill) (*subscription.Consumer, subscription.Overview) {
		r := reaction{"c", func(_ context.Context, w subscription.Work) error { return i.handle(w) }}
		return subscription.NewReactor(s.store, s.log, owner(id), r, quiet), subscription.Overview{s.log}
	},
}

func onBothKinds(t *testing.T, test func(t *testing.T, s *shop, make func(s *shop, id string, i *ill) (*subscription.Consumer, subscription.Overview))) {
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *shop) { test(t, s, make) })
		})
	}
}

// parked waits until the parked keys are as wanted.
func parked(t *testing.T, o subscription.Overview, fits func([]subscription.ParkedKey) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		keys, err := o.Parked(t.Context())
		return err == nil && fits(keys)
	}, 20*time.Second, 5*time.Millisecond)
}

func none(keys []subscription.ParkedKey) bool { return len(keys) == 0 }

func TestRetry_poisonThatHeals_isReplayedInOrder_andGoesOn(t *testing.T) {
	onBothKinds(t, func(t *testing.T, s *shop, make func(*shop, string, *ill) (*subscription.Consumer, subscription.Overview)) {
		i := &ill{}
		c, o := make(s, "a", i)
		start(t, c)
		s.append(stream(1))
		s.append(stream(2))
		waitFor(t, c, 2)
		s.append(stream(1), stream(2), stream(1))
		waitFor(t, c, 5)
		positions, err := o.Skipped(t.Context(), "c", stream(1), 10)
		require.NoError(t, err)
		require.Equal(t, []int64{1, 3, 5}, positions)

		require.NoError(t, o.Ask(t.Context(), "c", stream(1), subscription.Retry, ""))
		parked(t, o, func(k []subscription.ParkedKey) bool { return len(k) == 1 && k[0].Attempts == 2 && k[0].Asked == "" })
		keys, err := o.Parked(t.Context())
		require.NoError(t, err)
		require.Contains(t, keys[0].Error, "in try "+i.tried(), "the error is the last one's")
		require.EqualValues(t, 3, keys[0].Skipped)
		require.Empty(t, i.taken(stream(1)))

		i.cured.Store(true)
		require.NoError(t, o.Ask(t.Context(), "c", stream(1), subscription.Retry, ""))
		s.append(stream(1)) // while the retry is asked for: it comes after what waits
		parked(t, o, none)
		s.append(stream(1))
		waitFor(t, c, 7)
		require.Equal(t, []int64{1, 3, 5, 6, 7}, i.taken(stream(1)))
		h, err := o.Handled(t.Context(), "c", 3)
		require.NoError(t, err)
		require.Equal(t, "handled", h.Status)
		require.ErrorIs(t, o.Ask(t.Context(), "c", stream(1), subscription.Retry, ""), subscription.ErrNotParked)
	})
}

func TestRetry_longList_isReplayedBatchByBatch(t *testing.T) {
	onBothKinds(t, func(t *testing.T, s *shop, make func(*shop, string, *ill) (*subscription.Consumer, subscription.Overview)) {
		i := &ill{}
		c, o := make(s, "a", i)
		var many []string
		for range subscription.MaxBatch + 20 {
			many = append(many, stream(1))
		}
		s.append(many...)
		start(t, c)
		waitFor(t, c, s.head())
		i.cured.Store(true)
		require.NoError(t, o.Ask(t.Context(), "c", stream(1), subscription.Retry, ""))
		parked(t, o, none)
		require.Equal(t, upTo(s.head()), i.taken(stream(1)))
	})
}

func TestDiscard_keepsThePositionsWithTheReason_andTheKeyGoesOn(t *testing.T) {
	onBothKinds(t, func(t *testing.T, s *shop, make func(*shop, string, *ill) (*subscription.Consumer, subscription.Overview)) {
		i := &ill{}
		c, o := make(s, "a", i)
		start(t, c)
		s.append(stream(1), stream(1))
		waitFor(t, c, 2)
		i.cured.Store(true)
		require.NoError(t, o.Ask(t.Context(), "c", stream(1), subscription.Discard, "sent twice by mistake"))
		parked(t, o, none)
		s.append(stream(1))
		waitFor(t, c, 3)
		require.Equal(t, []int64{3}, i.taken(stream(1)))
		for position := range int64(2) {
			h, err := o.Handled(t.Context(), "c", position+1)
			require.NoError(t, err)
			require.Equal(t, "discarded", h.Status)
			require.Equal(t, "sent twice by mistake", h.Error)
			require.False(t, h.At.IsZero())
		}
	})
}

// TestRetry_askedForWhileNobodyRuns: whoever owns the consumer does what was asked for anywhere, also if it was asked for while nobody did.
func TestRetry_askedForWhileNobodyRuns_isDoneByTheNextOwner(t *testing.T) {
	onBothKinds(t, func(t *testing.T, s *shop, make func(*shop, string, *ill) (*subscription.Consumer, subscription.Overview)) {
		i := &ill{}
		c, o := make(s, "a", i)
		stop := start(t, c)
		s.append(stream(1))
		waitFor(t, c, 1)
		require.NoError(t, stop())
		i.cured.Store(true)
		require.NoError(t, o.Ask(t.Context(), "c", stream(1), subscription.Retry, ""))
		next, _ := make(s, "b", i)
		start(t, next)
		parked(t, o, none)
		require.Equal(t, []int64{1}, i.taken(stream(1)))
	})
}

// TestRetry_frozenOwner: an owner that is replaced in the middle of a retry takes nothing off the list, so the next one replays it.
func TestRetry_frozenOwner_cannotUnpark(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		inside, thawed := make(chan struct{}), make(chan struct{})
		var tries atomic.Int32
		old := subscription.NewReactor(s.store, s.log, owner("old"), reaction{"c", func(_ context.Context, w subscription.Work) error {
			if tries.Add(1) == 1 {
				return subscription.Park(w.Key, errors.New("no"))
			}
			close(inside)
			<-thawed
			return nil
		}}, quiet)
		stop := start(t, old)
		s.append(stream(1))
		waitFor(t, old, 1)
		o := subscription.Overview{s.log}
		require.NoError(t, o.Ask(t.Context(), "c", stream(1), subscription.Retry, ""))
		<-inside
		_, err := s.log.Write.Exec(`UPDATE consumers SET owner = 'new', epoch = epoch + 1, lease_until = now_ms() + 60000 WHERE name = 'c'`)
		require.NoError(t, err)
		close(thawed)
		require.NoError(t, stop())
		keys, err := o.Parked(t.Context())
		require.NoError(t, err)
		require.Len(t, keys, 1)
		require.EqualValues(t, 1, keys[0].Skipped)
		require.Equal(t, subscription.Retry, keys[0].Asked)
	})
}

func TestRetry_eventThatIsNotKnownHere_staysParked_othersGoOn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		var tries atomic.Int32
		c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "c", hook: func(w subscription.Work) error {
			switch {
			case w.Key != stream(1):
				return nil
			case tries.Add(1) == 1:
				return subscription.Park(w.Key, errors.New("no"))
			}
			return errors.Join(subscription.ErrStop, errors.New("order.teleported is not known here"))
		}}, quiet)
		start(t, c)
		s.append(stream(1))
		waitFor(t, c, 1)
		o := subscription.Overview{s.read}
		require.NoError(t, o.Ask(t.Context(), "c", stream(1), subscription.Retry, ""))
		parked(t, o, func(k []subscription.ParkedKey) bool { return len(k) == 1 && k[0].Attempts == 2 && k[0].Asked == "" })
		s.append(stream(2))
		waitFor(t, c, 2)
	})
}

// Postgres takes no NUL and no broken UTF-8; SQLite does, so the row is looked at.
func TestPark_errorThatPostgresRefuses_isKeptWithoutThat(t *testing.T) {
	s := newShop(t)
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p", hook: func(w subscription.Work) error {
		return subscription.Park(w.Key, errors.New("bad \x00byte\xff"))
	}}, quiet)
	s.append(stream(1))
	start(t, c)
	waitFor(t, c, 1)
	var kept string
	require.NoError(t, s.read.Read.QueryRow(`SELECT error FROM parked WHERE consumer = 'p'`).Scan(&kept))
	require.Equal(t, "bad byte", kept)
}
