package checkout_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/domaintest"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// Waits of the tests, in ms.
const (
	window  = 900
	grace   = 120
	park    = 5000
	confirm = 7000
)

// on is an event of a SKU's stream; the other events know their stream by their type.
type on struct {
	SKU   string
	Event inventory.Event
}

func (o on) EventType() string { return "inventory-" + o.SKU + " " + o.Event.EventType() }

// streams is what one order's checkout works with, folded.
type streams struct {
	order   order.State
	account payment.State
	memory  checkout.State
}

// shop is the streams of all orders and SKUs, folded.
type shop struct {
	t      domaintest.T
	now    int64
	steps  int
	orders map[string]*streams
	stock  map[string]inventory.State
	seen   func(orderID string, event decider.Event) // called for every event, after it was folded
	deaf   bool                                      // does not fold what a step says: the fixture is broken
}

func newShop(t domaintest.T) *shop {
	return &shop{t: t, orders: map[string]*streams{}, stock: map[string]inventory.State{}, seen: func(string, decider.Event) {}}
}

// of returns an order's streams.
func (s *shop) of(orderID string) *streams {
	if s.orders[orderID] == nil {
		s.orders[orderID] = &streams{}
	}
	return s.orders[orderID]
}

// happens folds events into their streams.
func (s *shop) happens(orderID string, events ...decider.Event) {
	for _, event := range events {
		o := s.of(orderID)
		switch e := event.(type) {
		case on:
			s.stock[e.SKU] = inventory.Decider.Evolve(s.stock[e.SKU], e.Event)
		case order.Event:
			o.order = order.Decider.Evolve(o.order, e)
		case payment.Event:
			o.account = payment.Decider.Evolve(o.account, e)
		case checkout.Event:
			o.memory = checkout.Evolve(o.memory, e)
		default:
			s.t.Fatalf("no stream for %T", event)
		}
		s.seen(orderID, event)
	}
}

// step runs an order's step and lets happen what it says. It checks that a step is pure, changes nothing that it sees, and
// says nothing the second time.
func (s *shop) step(orderID string) []decider.Event {
	s.t.Helper()
	s.steps++
	before := s.picture(orderID)
	outcome := checkout.Step(s.world(orderID))
	if again := checkout.Step(s.world(orderID)); !reflect.DeepEqual(outcome, again) {
		s.t.Fatalf("the same step on the same world says %s, then %s", s.told(outcome), s.told(again))
	}
	if after := s.picture(orderID); after != before {
		s.t.Fatalf("the step changed its world from %s to %s", before, after)
	}
	if !s.deaf {
		s.happens(orderID, said(outcome)...)
	}
	s.steps++
	if again := said(checkout.Step(s.world(orderID))); len(again) > 0 {
		s.t.Fatalf("a second step says\n%s", domaintest.Told(s.t, again))
	}
	return said(outcome)
}

func (s *shop) world(orderID string) checkout.World {
	o := s.of(orderID)
	return checkout.World{
		OrderID: orderID, Order: o.order, Account: o.account, Memory: o.memory, Now: s.now,
		Stock:         func(sku string) inventory.State { return s.stock[sku] },
		NewID:         func(parts ...string) string { return fmt.Sprintf("%d:%s", s.steps, strings.Join(parts, ":")) },
		PaymentWindow: window, HoldGrace: grace, UnmatchedFor: park, ConfirmWithin: confirm,
	}
}

func (s *shop) picture(orderID string) string {
	o := s.of(orderID)
	return domaintest.JSON(s.t, []any{o.order, o.account, o.memory, s.stock})
}

func (s *shop) told(outcome checkout.Outcome) string { return domaintest.Told(s.t, said(outcome)) }

// said is an outcome in the order in which it is appended.
func said(outcome checkout.Outcome) (events []decider.Event) {
	for _, stock := range outcome.Stock {
		for _, e := range stock.Events {
			events = append(events, on{stock.SKU, e})
		}
	}
	for _, e := range outcome.Memory {
		events = append(events, e)
	}
	for _, e := range outcome.Order {
		events = append(events, e)
	}
	for _, e := range outcome.Payment {
		events = append(events, e)
	}
	return events
}

// given starts a case about order "o" with what happened before, ten As and ten Bs on hand.
func given(t *testing.T, history ...decider.Event) *shop {
	s := newShop(t)
	for _, sku := range []string{"A", "B"} {
		s.happens("o", on{sku, inventory.ItemRegistered{SKU: sku}}, on{sku, inventory.Received{StockReceiptID: "s", Quantity: 10}})
	}
	s.happens("o", history...)
	return s
}

// stepAt runs the step of order "o" at a time.
func (s *shop) stepAt(now int64) told {
	s.t.Helper()
	s.now = now
	return told{s, s.step("o")}
}

type told struct {
	*shop
	events []decider.Event
}

// then wants the step to have said exactly this.
func (w told) then(want ...decider.Event) *streams {
	w.t.Helper()
	if got, want := domaintest.Told(w.t, w.events), domaintest.Told(w.t, want); got != want {
		w.t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	return w.of("o")
}
