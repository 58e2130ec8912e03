package subscription_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
)

// TestError_isSeenFromEverywhere_untilTheBatchIsThrough: what stands beside the checkpoint is read by every process.
func TestError_isSeenFromEverywhere_untilTheBatchIsThrough(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *shop) {
				var away atomic.Bool
				away.Store(true)
				handle := func(subscription.Work) error {
					if away.Load() {
						return errors.New("the broker is away \x00\xff" + strings.Repeat("!", 2000))
					}
					return nil
				}
				c, o := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "c", hook: handle}, quiet), subscription.Overview{s.read}
				if kind == "reactor" {
					c, o = subscription.NewReactor(s.store, s.log, owner("a"), reaction{"c", plain(handle)}, quiet), subscription.Overview{s.log}
				}
				start(t, c)
				s.append(stream(1))
				eventually(t, o, func(s subscription.Status) bool { return strings.HasPrefix(s.Error, "the broker is away !") })
				away.Store(false)
				waitFor(t, c, 1)
				eventually(t, o, func(s subscription.Status) bool { return s.Position == 1 && s.Error == "" })
			})
		})
	}
}

func TestError_ofAStoppedConsumer_stays(t *testing.T) {
	onBoth(t, func(t *testing.T, s *shop) {
		c := subscription.NewReactor(s.store, s.log, owner("a"), reaction{"c", plain(func(subscription.Work) error {
			return errors.Join(subscription.ErrStop, errors.New("event of a newer program"))
		})}, quiet)
		s.append(stream(1))
		require.ErrorIs(t, c.Run(t.Context()), subscription.ErrStop)
		eventually(t, subscription.Overview{s.log}, func(s subscription.Status) bool {
			return s.Owner == "" && strings.Contains(s.Error, "event of a newer program")
		})
	})
}

// plain is a reaction that needs no context.
func plain(handle func(subscription.Work) error) func(context.Context, subscription.Work) error {
	return func(_ context.Context, w subscription.Work) error { return handle(w) }
}

// eventually waits until the only consumer is as wanted.
func eventually(t *testing.T, o subscription.Overview, fits func(subscription.Status) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		all, err := o.Statuses(t.Context())
		return err == nil && len(all) == 1 && fits(all[0])
	}, 20*time.Second, 5*time.Millisecond)
}

// A read model that was moved to a database of its own leaves its rows where it was.
func TestOverview_consumerWithRowsInTwoDatabases_isTheOneOfTheFirst(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	park := func(w subscription.Work) error { return subscription.Park(w.Key, errors.New("no")) }
	before := subscription.NewReactor(s.store, s.log, owner("a"), reaction{"c", plain(park)}, quiet)
	start(t, before)
	waitFor(t, before, 1)
	s.append(stream(2))
	after := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "c"}, quiet)
	start(t, after)
	waitFor(t, after, 2)

	o := subscription.Overview{s.read, s.log}
	eventually(t, o, func(s subscription.Status) bool { return s.Kind == "projector" && s.Position == 2 && s.Parked == 0 })
	parked(t, o, none)
	parked(t, subscription.Overview{s.log}, func(k []subscription.ParkedKey) bool { return len(k) == 2 })
}
