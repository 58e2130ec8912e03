package main

import (
	"slices"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// Bounds that keep an account finite: enough for too little, then enough or too much, and for refunds of some and of all.
const (
	maxCaptures = 2
	maxRefunds  = 2
)

// happening is something that may happen to the shop next: each of the appends that it can be, empty if nothing allows it now.
type happening struct {
	name    string
	appends func(s shop) [][]decider.Event
}

// always is what every exploration needs: how an order begins and ends, money, who else wants the goods, and the checkout's step at
// any time between.
var always = []happening{
	one("a step", shop.step),
	one("another order takes all there is", func(s shop) []decider.Event {
		return s.onStock(inventory.Reserve{ReservationID: "x", OrderID: "other", Quantity: max(1, s.stock.Available(s.now())),
			ExpiresAt: 2 * later, Now: s.now()})
	}),
	ordered("placed", order.Place{Items: []order.Item{{SKU: theSKU, Quantity: units,
		Product: &order.Product{SKU: theSKU, Name: theSKU, PriceMinor: 1, Currency: "USD"}}}}),
	ordered("rejected at the door", order.Place{Letter: true, Items: []order.Item{{SKU: "UNKNOWN", Quantity: 1}}}),
	ordered("cancelled", order.CancelOnRequest{Reason: "r"}),
	arrives("too little money", units-1), arrives("the money", units), arrives("too much money", units+1),
	one("a request fails", func(s shop) []decider.Event {
		return s.onAccount(payment.RecordFailure{Code: "x", Retryable: true})
	}),
	one("the time to pay is over", func(s shop) []decider.Event { return s.fire(checkout.TimerPayment) }),
	one("the time to wait for an order is over", func(s shop) []decider.Event { return s.fire(checkout.TimerUnmatched) }),
}

// goods is how they leave.
var goods = slices.Concat(always, []happening{
	ordered("a part leaves", order.Ship{ShipmentID: "part", Lines: []order.ShippedLine{{LineID: "1", Quantity: 1}}}),
	ordered("the rest leaves", order.Ship{ShipmentID: "rest"}),
	ordered("the part arrives", order.Deliver{ShipmentID: "part"}),
	ordered("the rest arrives", order.Deliver{ShipmentID: "rest"}),
	ordered("mail is sent", order.RecordConfirmationSent{Channel: "mailbox", MessageID: "m"}),
})

// refunds is how money goes back. Reviews are left out: what a person decides about money can lead from almost anywhere to
// almost anywhere.
var refunds = slices.Concat(always, []happening{
	one("a person sends money back", func(s shop) []decider.Event {
		if s.order.Refundable() != nil || len(s.account.Refunds) >= maxRefunds {
			return nil
		}
		return s.onAccount(payment.RequestRefund{RefundID: s.id(), AmountMinor: 1, Currency: "USD", Reason: payment.ReasonOperator})
	}),
	answered("a refund is paid out", func(a payment.Answered) payment.Command { return payment.RecordRefunded{Answered: a} }),
	answered("a refund fails", func(a payment.Answered) payment.Command {
		return payment.RecordRefundFailed{Answered: a, Code: "x"}
	}),
})

// one is a happening that is one append.
func one(name string, events func(s shop) []decider.Event) happening {
	return happening{name, func(s shop) [][]decider.Event { return [][]decider.Event{events(s)} }}
}

func ordered(name string, command order.Command) happening {
	return one(name, func(s shop) []decider.Event { return s.onOrder(command) })
}

func arrives(name string, amount int64) happening {
	return one(name, func(s shop) []decider.Event {
		if len(s.account.Captures) >= maxCaptures {
			return nil
		}
		return s.onAccount(payment.RecordCapture{CaptureID: s.id(), AmountMinor: amount, Currency: "USD"})
	})
}

// answered is what somebody says of any of the account's refunds.
func answered(name string, command func(payment.Answered) payment.Command) happening {
	return happening{name, func(s shop) (appends [][]decider.Event) {
		for _, r := range s.account.Refunds {
			appends = append(appends, s.onAccount(command(payment.Answered{RefundID: r.RefundID, ReviewID: s.id()})))
		}
		return appends
	}}
}
