package app_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/app/simulator"
	"ordermill/domain/checkout"
	"ordermill/domain/inventory"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/sqlite"
)

// mortal is a database whose process dies at an append, just before or just after it, and can do nothing from then on.
type mortal struct {
	eventstore.Driver
	left   atomic.Int64 // appends that write something, until then
	before bool
	died   context.CancelFunc
}

func (m *mortal) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	err := m.Driver.Append(ctx, lookup, func(found eventstore.Snapshot) eventstore.Rows {
		rows := plan(found)
		if len(rows.Records)+len(rows.Receipts) == 0 {
			return rows
		}
		if left := m.left.Add(-1); left < 0 || left == 0 && m.before {
			return eventstore.Rows{}
		}
		return rows
	})
	if m.left.Load() <= 0 {
		m.died()
		return fmt.Errorf("%w: the process is dead", eventstore.ErrUnavailable)
	}
	return err
}

// act is one command of the script at its time, counted from the script's begin; nil only lets the time pass. It names what it
// does, so it is sent again with the same key if its answer did not come.
type act struct {
	at time.Duration
	do func(s *shop, ctx context.Context, call app.Call) error
}

func lettered(text string) func(*shop, context.Context, app.Call) error {
	return func(s *shop, ctx context.Context, call app.Call) error {
		_, err := s.Message(ctx, call, []byte(text))
		return err
	}
}

func placedBy(orderID string, quantity int64) func(*shop, context.Context, app.Call) error {
	return func(s *shop, ctx context.Context, call app.Call) error {
		_, err := s.PlaceOrder(ctx, call, app.PlaceOrder{OrderID: orderID, Items: []app.Item{{SKU: "BEAR", Quantity: quantity}}})
		return err
	}
}

func paidBy(orderID, paymentID string, minor int64) func(*shop, context.Context, app.Call) error {
	return func(s *shop, ctx context.Context, call app.Call) error {
		_, err := s.RecordPayment(ctx, call, app.RecordPayment{OrderID: orderID, PaymentID: paymentID, AmountMinor: minor})
		return err
	}
}

// script is a day and a bit in the life of a shop that has ten bears.
var script = []act{
	{0, func(s *shop, ctx context.Context, _ app.Call) error {
		return s.OpenCatalogue(ctx, "test", []app.Stocked{
			{RegisterProduct: app.RegisterProduct{SKU: "BEAR", Name: "Teddy Bear", PriceMinor: 2999, Currency: "USD", LowStockThreshold: 2}, Quantity: 10}})
	}},
	{0, lettered(ordered(bear, ""))},
	{0, lettered(`{"event_type":"payment.completed","payload":{"order_id":"1","amount":29.99,"payment_id":"p"}}`)},
	{0, paidBy("1", "p", 1)}, // the same money told differently: a review
	{0, paidBy("1", "again", 2999)},
	{0, placedBy("demo-toomuch-1", 1)},
	{0, placedBy("demo-retries-1", 1)},
	{0, placedBy("demo-refundfails2-1", 1)},
	{0, placedBy("demo-late-1", 2)},
	{0, placedBy("never", 1)},
	{0, placedBy("too-many", 100)},
	{0, paidBy("nobody", "lost", 500)},
	{time.Minute, placedBy("cancelled", 1)},
	{time.Minute, paidBy("cancelled", "c", 2999)},
	{time.Minute, func(s *shop, ctx context.Context, call app.Call) error {
		_, err := s.CancelOrder(ctx, call, "cancelled", "changed_mind")
		return err
	}},
	{2 * time.Minute, placedBy("shipped", 2)},
	{2 * time.Minute, paidBy("shipped", "s", 5998)},
	{3 * time.Minute, func(s *shop, ctx context.Context, call app.Call) error {
		_, err := s.ShipOrder(ctx, call, app.ShipOrder{OrderID: "shipped"})
		return err
	}},
	{3 * time.Minute, func(s *shop, ctx context.Context, call app.Call) error {
		orders, _ := s.folded()
		_, err := s.DeliverShipment(ctx, call, "shipped", orders["shipped"].order.Shipments[0].ShipmentID)
		return err
	}},
	{3 * time.Minute, func(s *shop, ctx context.Context, call app.Call) error {
		_, err := s.RefundOrder(ctx, call, app.RefundOrder{OrderID: "shipped", AmountMinor: 100, Code: "gift"})
		return err
	}},
	{4 * time.Minute, func(s *shop, ctx context.Context, call app.Call) error {
		orders, _ := s.folded()
		_, err := s.CompleteRefund(ctx, call, "shipped", orders["shipped"].account.Refunds[0].RefundID)
		return err
	}},
	{5 * time.Minute, func(s *shop, ctx context.Context, call app.Call) error {
		_, err := s.AdjustStock(ctx, call, app.AdjustStock{SKU: "BEAR", Delta: -1, Reason: "count"})
		return err
	}},
	{15 * time.Minute, nil}, {16 * time.Minute, nil}, {24 * time.Hour, nil}, {49 * time.Hour, nil},
}

// run plays the script in a folder, by processes of which each dies at its nth append, and returns how it all ended, how
// often each event happened, and how many processes it took. nth 0: the one process lives.
func run(t *testing.T, nth int64, before bool) (end map[string]string, happened map[string]int, lives int) {
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	begin := time.Now()
	c := &clock{at: begin}
	for next := 0; next < len(script); lives++ {
		require.Less(t, lives, 1000, "it gets no further")
		require.True(t, t.Run(fmt.Sprint("life ", lives+1), func(t *testing.T) {
			alive, die := context.WithCancel(t.Context())
			defer die()
			s := reopened(t, dir, func(d eventstore.Driver) eventstore.Driver {
				if nth == 0 {
					return d
				}
				m := &mortal{Driver: d, before: before, died: die}
				m.left.Store(nth)
				return m
			})
			s.desk = s.copyWith(simulator.Provider{}, c.now)
			s.follow(app.NewCheckout(s.Desk), app.NewCollection(s.Desk))
			timers := app.NewTimers(s.queue, due{s, c}, quiet)
			for ; next < len(script); next++ {
				c.set(begin.Add(script[next].at))
				name := fmt.Sprint("act ", next)
				if do := script[next].do; do != nil {
					err := do(s, alive, app.Call{Key: &app.IdempotencyKey{Scope: "script", Key: name, Fingerprint: []byte(name)},
						Respond: func(any) []byte { return []byte("{}") }})
					if alive.Err() != nil {
						return
					}
					require.NoError(t, err, name)
				}
				if s.rest(alive) != nil || timers.FireDue(alive) != nil || s.rest(alive) != nil {
					require.Error(t, alive.Err(), "only the dead are interrupted")
					return
				}
			}
			end, happened = s.end(), map[string]int{}
			for _, r := range s.records() {
				happened[r.Type]++
			}
		}))
	}
	return end, happened, lives
}

// end is how everything stands, without the ids that each run makes anew.
func (s *shop) end() map[string]string {
	end := map[string]string{}
	orders, ids := s.folded()
	for _, id := range ids {
		o := orders[id]
		sums := checkout.Sums(o.order, o.account)
		end[id] = fmt.Sprint(o.order.Status, " ", o.order.Reason, " ", checkout.PaymentStatus(o.order, o.account), " ", o.order.Fulfillment(),
			" ", sums.CapturedMinor, " ", sums.RefundedMinor, " ", sums.RefundPendingMinor, " ", len(o.account.Reviews))
	}
	var stock inventory.State
	for _, r := range s.records() {
		fact, err := codec.Decode(r)
		require.NoError(s.t, err)
		if e, ok := fact.(inventory.Event); ok {
			stock = inventory.Decider.Evolve(stock, e)
		}
	}
	end["BEAR"] = fmt.Sprint(stock.OnHand, " ", stock.Reserved, " ", stock.Allocated, " ", len(stock.Reservations))
	return end
}

// I15: a process that dies at any append, written or not, and all that follow it, come to the same end as one that lives.
func TestCrash_atEveryAppend_theSameEnd(t *testing.T) {
	end, happened, lives := run(t, 0, false)
	require.Equal(t, 1, lives)
	require.Equal(t, "confirmed  paid unfulfilled 5998 0 2999 2", end["1"])
	most := int64(5)
	if testing.Short() {
		most = 2
	}
	for nth := int64(1); nth <= most; nth++ {
		for when, before := range map[string]bool{"after": false, "before": true} {
			if before && nth == 1 {
				continue // it would never get further
			}
			t.Run(fmt.Sprintf("%s the append %d of each process", when, nth), func(t *testing.T) {
				gotEnd, gotHappened, lives := run(t, nth, before)
				require.Greater(t, lives, 5)
				require.Equal(t, end, gotEnd)
				require.Equal(t, happened, gotHappened)
			})
		}
	}
}
