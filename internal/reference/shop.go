package main

import (
	"fmt"
	"maps"
	"math"
	"strings"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// The shop's one order "o" asks for two units of the one SKU there is, at 1 each: so money can be too little, enough or too much,
// and goods can leave in parts.
const (
	theOrder = "o"
	theSKU   = "A"
	units    = 2
)

// shop is an order, its account, its checkout's memory and the stock of its SKU, folded. It is a value: what happens to it gives
// another one.
type shop struct {
	order   order.State
	account payment.State
	memory  checkout.State
	stock   inventory.State
	late    bool // the hold that was taken first has run out
	events  int  // so far: ids are made of it
}

func newShop() shop {
	return shop{}.after(stocked(inventory.ItemRegistered{SKU: theSKU}, inventory.Received{StockReceiptID: "s", Quantity: units})...)
}

// after is the shop after events.
func (s shop) after(events ...decider.Event) shop {
	for _, event := range events {
		s.events++
		switch e := event.(type) {
		case order.Event:
			s.order = order.Decider.Evolve(s.order, e)
		case payment.Event:
			s.account = payment.Decider.Evolve(s.account.Clone(), e)
		case checkout.Event:
			s.memory = checkout.Evolve(s.memory, e)
		case inventory.Event:
			s.stock.Reservations, s.stock.StockReceipts = maps.Clone(s.stock.Reservations), maps.Clone(s.stock.StockReceipts)
			s.stock.Expiries = append([]inventory.Expiry(nil), s.stock.Expiries...)
			s.stock = inventory.Decider.Evolve(s.stock, e)
		}
	}
	return s
}

func (s shop) id() string { return fmt.Sprintf("#%d", s.events) }

// Times, in ms: a hold lasts from 0 to 2, and the clock shows 0 or later.
const later = 10

func (s shop) now() int64 {
	if s.late {
		return later
	}
	return 0
}

// step is the events of the checkout's step, in the order in which they are appended.
func (s shop) step() (events []decider.Event) {
	said := checkout.Step(checkout.World{
		OrderID: theOrder, Order: s.order, Account: s.account, Memory: s.memory, Now: s.now(),
		Stock:         func(string) inventory.State { return s.stock },
		NewID:         func(parts ...string) string { return s.id() + ":" + strings.Join(parts, ":") },
		PaymentWindow: 1, HoldGrace: 1, UnmatchedFor: 1, ConfirmWithin: 1,
	})
	for _, stock := range said.Stock {
		events = append(events, stocked(stock.Events...)...)
	}
	for _, e := range said.Memory {
		events = append(events, e)
	}
	for _, e := range said.Order {
		events = append(events, e)
	}
	for _, e := range said.Payment {
		events = append(events, e)
	}
	return events
}

// onOrder, onAccount and onStock are the events of a command; a refusal is none.
func (s shop) onOrder(command order.Command) (events []decider.Event) {
	said, _ := order.Decider.Decide(s.order, command)
	for _, e := range said {
		events = append(events, e)
	}
	return events
}

func (s shop) onAccount(command payment.Command) (events []decider.Event) {
	said, _ := payment.Decider.Decide(s.account, command)
	for _, e := range said {
		events = append(events, e)
	}
	return events
}

func (s shop) onStock(command inventory.Command) []decider.Event {
	said, _ := inventory.Decider.Decide(s.stock, command)
	return stocked(said...)
}

func stocked(said ...inventory.Event) (events []decider.Event) {
	for _, e := range said {
		events = append(events, e)
	}
	return events
}

// fire is the firing of the order's timers of a kind, whenever they are due.
func (s shop) fire(timer string) (events []decider.Event) {
	for _, p := range checkout.Deadlines(s.order, s.account, s.memory) {
		if p.Timer == timer {
			for _, e := range checkout.Fire(s.order, s.account, s.memory, p.Deadline, math.MaxInt64) {
				events = append(events, e)
			}
		}
	}
	return events
}
