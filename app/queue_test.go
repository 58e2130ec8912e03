package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/app"
	"ordermill/app/manual"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

func TestQueue_commandsOfOneBatch_seeWhatTheOnesBeforeDecided(t *testing.T) {
	s := newShop(t)
	var errs [4]error
	var received app.StockReceived
	appends := s.together(
		func() { errs[0] = s.register("BEAR") },
		func() { _, errs[1] = s.receive("BEAR", 5) },
		func() { errs[2] = s.register("BEAR") },
		func() { received, errs[3] = s.receive("BEAR", 7) },
	)
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	require.Equal(t, "sku-taken", refused(t, errs[2]))
	require.NoError(t, errs[3])
	require.EqualValues(t, 12, received.Item.OnHand)
	require.EqualValues(t, 1, appends)
}

func TestQueue_refusalInABatch_leavesNothingBehindForThoseAfterIt(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.register("BEAR"))
	var errs [2]error
	s.together(
		func() { // its product and its stock are new, its name is not: all of it is refused
			_, errs[0] = s.RegisterProduct(t.Context(), app.Call{}, app.RegisterProduct{SKU: "CUB", Name: "product bear", PriceMinor: 1, Currency: "USD"})
		},
		func() { _, errs[1] = s.receive("CUB", 1) },
	)
	require.Equal(t, "name-taken", refused(t, errs[0]))
	require.Equal(t, "unknown-sku", refused(t, errs[1]))
	require.NoError(t, s.register("CUB"))
}

func TestQueue_64BuyersOfOneSKU_exactlyTheStockIsReserved(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.register("HOT"))
	_, err := s.receive("HOT", 50)
	require.NoError(t, err)
	s.checkout(s.desk)
	var buying errgroup.Group
	for i := range 64 {
		buying.Go(func() error {
			_, err := s.PlaceOrder(t.Context(), app.Call{}, app.PlaceOrder{OrderID: fmt.Sprint(i), Items: []app.Item{{SKU: "HOT", Quantity: 1}}})
			return err
		})
	}
	require.NoError(t, buying.Wait())
	s.settled()
	require.Equal(t, 50, s.count("inventory.reserved"))
	require.Equal(t, 50, s.count("payment.requested"))
	require.Equal(t, 14, s.count("order.rejected"))
	stock, err := s.store.Read(t.Context(), eventstore.Query{Stream: "inventory-HOT", Limit: 100})
	require.NoError(t, err)
	require.Len(t, stock, 2+50+1, "registered, received, 50 reservations, and low stock told once: a refused reservation writes nothing to the stock's stream")
}

func TestQueue_streamChangedByAnotherCopy_isDecidedAgain(t *testing.T) {
	s := newShop(t)
	other := s.copy()
	require.NoError(t, s.register("BEAR"))
	for i := range 5 {
		received, err := s.receive("BEAR", 1) // its cache is behind
		require.NoError(t, err)
		require.EqualValues(t, 2*i+1, received.Item.OnHand)
		received, err = other.receive("BEAR", 1)
		require.NoError(t, err)
		require.EqualValues(t, 2*i+2, received.Item.OnHand)
	}
}

func TestQueue_refusalOnAStaleCache_isCheckedAgainstTheLog(t *testing.T) {
	s := newShop(t)
	other := s.copy()
	_, err := s.receive("BEAR", 1)
	require.Equal(t, "unknown-sku", refused(t, err)) // and is remembered as not there
	require.NoError(t, other.register("BEAR"))
	_, err = s.receive("BEAR", 1)
	require.NoError(t, err)
}

func TestQueue_decidedAgain_makesTheSameIDs(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.register("BEAR"))
	other := s.copy()
	var made []string
	_, err := s.queue.Do(t.Context(), app.Command{
		ID:       uuid.New(),
		Patient:  true,
		Receipts: []eventstore.Receipt{{Scope: "test", Key: "1"}},
		Decide: func(d *app.Decision) (any, error) {
			app.LookAt(d, "CUB")
			made = append(made, d.NewID("a", "b"))
			if len(made) == 1 { // somebody else is quicker
				return nil, other.register("CUB")
			}
			d.Respond("test", []byte("{}"))
			return nil, nil
		},
	})
	require.NoError(t, err)
	require.Len(t, made, 2)
	require.Equal(t, made[0], made[1])
}

func TestQueue_panicInADecision_hurtsOnlyItsCommand(t *testing.T) {
	s := newShop(t)
	var errs [3]error
	s.together(
		func() { errs[0] = s.register("A") },
		func() {
			_, errs[1] = s.queue.Do(t.Context(), app.Command{ID: uuid.New(), Decide: func(*app.Decision) (any, error) { panic("cannot happen") }})
		},
		func() { _, errs[2] = s.receive("A", 1) },
	)
	require.NoError(t, errs[0])
	require.ErrorContains(t, errs[1], "cannot happen")
	require.NoError(t, errs[2])
}

func TestQueue_storeAway_tellsEverybody_andGoesOnWhenItIsBack(t *testing.T) {
	s := newShop(t)
	s.driver.away.Store(true)
	var asking errgroup.Group
	for i := range 10 {
		asking.Go(func() error {
			if err := s.register(fmt.Sprint("P", i)); err == nil {
				return fmt.Errorf("acknowledged without a store")
			} else if !errors.Is(err, eventstore.ErrUnavailable) {
				return err
			}
			return nil
		})
	}
	require.NoError(t, asking.Wait())
	s.driver.away.Store(false)
	for i := range 10 {
		require.NoError(t, s.register(fmt.Sprint("P", i)), "what failed left something in the cache")
	}
	require.Equal(t, 10, s.count("product.registered"))
}

func TestQueue_decidedOnWhatDidNotWin_isDecidedAgain(t *testing.T) {
	key := func(fingerprint string) app.Call {
		return app.Call{Key: &app.IdempotencyKey{Scope: "test", Key: "used", Fingerprint: []byte(fingerprint)}, Respond: func(any) []byte { return []byte("{}") }}
	}
	ten := app.ReceiveStock{SKU: "BEAR", Quantity: 10}
	for name, c := range map[string]struct {
		call    app.Call
		failure error // of the append
		wins    bool  // in the end
	}{
		"another copy was quicker": {wins: true},
		"duplicate":                {call: key("same")},
		"key reused":               {call: key("other")},
		"rejected":                 {failure: eventstore.ErrRejected},
		"store away":               {failure: eventstore.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			other := s.copy()
			require.NoError(t, s.register("BEAR"))
			_, err := s.ReceiveStock(t.Context(), key("same"), ten)
			require.NoError(t, err)
			_, err = other.receive("BEAR", 1) // has the very version that the first one counts on
			require.NoError(t, err)
			if c.failure != nil {
				s.driver.failures <- c.failure
			}
			var received app.StockReceived
			s.during(s.desk,
				func() { _, _ = s.ReceiveStock(t.Context(), c.call, ten) },
				func() { received, err = s.receive("BEAR", 100) },
			)
			require.NoError(t, err)
			onHand := int64(10 + 1 + 100)
			if c.wins {
				onHand += 10
			}
			require.Equal(t, onHand, received.Item.OnHand)
		})
	}
}

func TestQueue_refusedOnWhatDidNotWin_isDecidedAgain(t *testing.T) {
	s := newShop(t)
	s.driver.failures <- eventstore.ErrUnavailable
	var errs [2]error
	s.during(s.desk,
		func() { errs[0] = s.register("BEAR") },
		func() { errs[1] = s.register("BEAR") },
	)
	require.ErrorIs(t, errs[0], eventstore.ErrUnavailable)
	require.NoError(t, errs[1], "it was not taken after all")
}

func TestQueue_decidedAgain_takesAlongWhoSharesItsStreams_inOrder(t *testing.T) {
	s := newShop(t)
	other := s.copy()
	for _, sku := range []string{"BEAR", "CUB", "FOX"} {
		require.NoError(t, s.register(sku))
	}
	_, err := other.receive("BEAR", 1000)
	require.NoError(t, err)
	var bear, cub [2]app.StockReceived
	decided := s.decisions.Load()
	appends := s.during(s.desk,
		func() { bear[0], _ = s.receive("BEAR", 1) },
		func() { _, _ = s.receive("FOX", 1) },
		func() { cub[0], _ = s.receive("CUB", 1) },
		func() {
			_, _ = s.queue.Do(t.Context(), app.Command{ID: uuid.New(), Decide: func(d *app.Decision) (any, error) {
				if _, err := app.Receive(d, "BEAR", 10); err != nil {
					return nil, err
				}
				return app.Receive(d, "CUB", 10)
			}})
		},
		func() { cub[1], _ = s.receive("CUB", 100) },
	)
	bear[1], err = s.receive("BEAR", 100)
	require.NoError(t, err)
	require.EqualValues(t, []int64{1001, 1111}, []int64{bear[0].Item.OnHand, bear[1].Item.OnHand})
	require.EqualValues(t, []int64{1, 111}, []int64{cub[0].Item.OnHand, cub[1].Item.OnHand})
	require.EqualValues(t, 2, appends, "the one that lost, and all others")
	require.EqualValues(t, 5+4+1, s.decisions.Load()-decided, "the fox was never in doubt")
}

func TestQueue_stopped_finishesWhatIsBeingWritten_andNoMore(t *testing.T) {
	s := newShop(t)
	d, stop := s.stoppable(manual.Provider{}, time.Now)
	var errs [2]error
	hold := s.hold(d)
	hold.begin(func() { errs[0] = d.register("A") })
	hold.decide(func() { errs[1] = d.register("B") })
	stop()
	hold.release()
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], app.ErrClosed)
	require.Equal(t, 1, s.count("product.registered"))
}

func TestQueue_stopped_takesNoMoreCommands(t *testing.T) {
	s := newShop(t)
	ctx, stop := context.WithCancel(t.Context())
	queue := app.NewQueue(s.store, nil, nil)
	stop()
	queue.Run(ctx)
	_, err := queue.Do(t.Context(), app.Command{ID: uuid.New()})
	require.ErrorIs(t, err, app.ErrClosed)
}

// checkout runs the process manager on a copy until the test ends.
func (s *shop) checkout(d desk) *app.Checkout {
	reactor := app.NewCheckout(d.Desk)
	s.follow(reactor)
	return reactor
}

// follow runs reactors until the test ends; settled waits until none of them has anything left to do.
func (s *shop) follow(reactors ...subscription.Reactor) {
	consumers := make([]*subscription.Consumer, len(reactors))
	for i, r := range reactors {
		consumers[i] = subscription.NewReactor(s.store, s.log(), subscription.Owner{ID: uuid.NewString(), Sole: true}, r, subscription.WithLogger(quiet))
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- consumers[i].Run(ctx) }()
		s.t.Cleanup(func() {
			stop()
			require.NoError(s.t, <-done)
		})
	}
	s.rest = func(ctx context.Context) error {
		for before := int64(-1); ; { // what they do moves the head
			head, err := s.store.Head(ctx)
			if err != nil || head.Position == before {
				return err
			}
			before = head.Position
			for _, consumer := range consumers {
				if err := consumer.WaitFor(ctx, before); err != nil {
					return err
				}
			}
		}
	}
}
