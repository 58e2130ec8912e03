package app_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/app/simulator"
	"ordermill/domain/checkout"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// due knows the timers of a log by folding it, as of a test's clock.
type due struct {
	*shop
	clock *clock
}

// streams are the three of an order.
type streams struct {
	order   order.State
	account payment.State
	memory  checkout.State
}

// folded is all orders that the log knows, by id, and the ids in the order in which they came.
func (s *shop) folded() (orders map[string]*streams, ids []string) {
	orders = map[string]*streams{}
	for _, r := range s.records() {
		category, id, _ := eventstore.SplitStream(r.Stream)
		if category != order.Category && category != payment.Category && category != checkout.Category {
			continue
		}
		if orders[id] == nil {
			orders[id], ids = &streams{}, append(ids, id)
		}
		fact, err := codec.Decode(r)
		require.NoError(s.t, err)
		switch e := fact.(type) {
		case order.Event:
			orders[id].order = order.Decider.Evolve(orders[id].order, e)
		case payment.Event:
			orders[id].account = payment.Decider.Evolve(orders[id].account, e)
		case checkout.Event:
			orders[id].memory = checkout.Evolve(orders[id].memory, e)
		}
	}
	return orders, ids
}

func (d due) WaitFor(context.Context, int64) error { return nil }

func (d due) Due(context.Context, int) (all []app.Due, now int64, err error) {
	orders, ids := d.folded()
	now = d.clock.now().UnixMilli()
	for _, id := range ids {
		var pending []checkout.Pending
		for _, p := range checkout.Deadlines(orders[id].order, orders[id].account, orders[id].memory) {
			if p.At <= now {
				pending = append(pending, p)
			}
		}
		if len(pending) > 0 {
			all = append(all, app.Due{OrderID: id, Pending: pending})
		}
	}
	return all, now, nil
}

// simulated is a shop whose payments are simulated, with its own clock. wait lets so much time pass, timers included.
func simulated(t *testing.T) (s *shop, wait func(time.Duration)) {
	s = stocked(t)
	c := &clock{at: time.Now()}
	s.desk = s.copyWith(simulator.Provider{}, c.now)
	s.follow(app.NewCheckout(s.Desk), app.NewCollection(s.Desk))
	timers := app.NewTimers(s.queue, due{s, c}, quiet)
	return s, func(d time.Duration) {
		s.settled()
		c.forward(d)
		require.NoError(t, timers.FireDue(t.Context()))
		s.settled()
	}
}

// place sends an order letter for one bear.
func (s *shop) place(orderID string) {
	s.letter(strings.Replace(ordered(bear, ""), `"order_id":"1"`, `"order_id":"`+orderID+`"`, 1))
}

// captureOf is the id of the first capture on an account.
func (s *shop) captureOf(t *testing.T, stream string) string {
	records, err := s.store.Read(t.Context(), eventstore.Query{Stream: stream, Limit: 10})
	require.NoError(t, err)
	var captured payment.Captured
	require.NoError(t, json.Unmarshal(records[0].Data, &captured))
	return captured.CaptureID
}

func TestSimulatedOrders_endAsTheirRulesSay(t *testing.T) {
	for rule, want := range map[string]map[string]int{
		"pays":         {"order.confirmed": 1, "payment.refund_requested": 0},
		"late":         {"order.expired": 1, "payment.captured": 1, "payment.refunded": 1},
		"twice":        {"order.confirmed": 1, "payment.captured": 2, "payment.refunded": 1},
		"toomuch":      {"order.confirmed": 1, "payment.refunded": 1},
		"toolittle":    {"order.expired": 1, "payment.refunded": 1},
		"foreign":      {"order.expired": 1, "payment.refunded": 1, "payment.matched": 0},
		"declines":     {"order.expired": 1, "payment.requested": 1, "payment.failed": 1},
		"retries":      {"order.confirmed": 1, "payment.requested": 3, "payment.failed": 2},
		"exhausts":     {"order.expired": 1, "payment.requested": 3, "payment.failed": 3},
		"never":        {"order.expired": 1, "payment.captured": 0},
		"refundfails2": {"order.confirmed": 1, "payment.refund_failed": 2, "payment.refunded": 1, "payment.review_raised": 0},
		"refundstuck":  {"order.confirmed": 1, "payment.refund_failed": 6, "payment.refunded": 0, "payment.review_raised": 1},
		"refundsilent": {"order.confirmed": 1, "payment.refund_failed": 0, "payment.refunded": 0, "payment.review_raised": 1},
	} {
		t.Run(rule, func(t *testing.T) {
			s, wait := simulated(t)
			s.place("demo-" + rule + "-1")
			for range 10 {
				wait(time.Minute)
			}
			for eventType, n := range want {
				require.Equal(t, n, s.count(eventType), eventType)
			}
		})
	}
}

func TestTimers_moneyWithoutAnOrder_goesBackAfterADay(t *testing.T) {
	s, wait := simulated(t)
	s.letter(`{"event_type":"payment.completed","payload":{"order_id":"1","amount":29.99}}`)
	wait(23 * time.Hour)
	require.Zero(t, s.count("payment.refund_requested"))
	wait(time.Hour)
	require.Equal(t, 1, s.count("payment.refund_requested"))
	wait(24 * time.Hour)
	require.Equal(t, 1, s.count("payment.review_raised"), "nobody said what became of the refund")
	wait(24 * time.Hour)
	require.Equal(t, 1, s.count("payment.review_raised"))
}

func TestTimers_firedByTwo_happenOnce(t *testing.T) {
	s, wait := simulated(t)
	s.place("demo-never-1")
	wait(0)
	late := &clock{at: time.Now().Add(time.Hour)}
	one, other := app.NewTimers(s.queue, due{s, late}, quiet), app.NewTimers(s.queue, due{s, late}, quiet)
	var both sync.WaitGroup
	both.Go(func() { require.NoError(t, one.FireDue(t.Context())) })
	both.Go(func() { require.NoError(t, other.FireDue(t.Context())) })
	both.Wait()
	require.Equal(t, 1, s.count("checkout.deadline_fired"))
}

// One clock decides and fires, as on SQLite, and is set wrong: nothing fires early or twice, and all of it fires at last.
func TestTimers_clockAnHourBackAndAYearForward_everyDeadlineFiresOnce(t *testing.T) {
	s, wait := simulated(t)
	s.place("1")
	wait(0)
	wait(-time.Hour)
	s.place("2")
	wait(14 * time.Minute)
	require.Zero(t, s.count("checkout.deadline_fired"))
	wait(time.Minute)
	require.Equal(t, 1, s.count("order.expired"), "the window of the second is over, by the clock that opened it")
	wait(365 * 24 * time.Hour)
	require.Equal(t, 2, s.count("order.expired"))
	wait(-365 * 24 * time.Hour)
	wait(365 * 24 * time.Hour)
	require.Equal(t, 2, s.count("checkout.deadline_fired"))
	require.Equal(t, 2, s.count("inventory.released")+s.count("inventory.reservation_expired"))
}
