package checkout_test

import (
	"cmp"

	"pgregory.net/rapid"

	"ordermill/domain/checkout"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
)

// action is one thing that may happen next.
type action struct {
	name   string
	weight int
	do     func(m *market, orderID string)
}

// actions are everything that may happen: letters, people, the provider, the clock, and steps at any time between.
var actions = []action{
	{"place", 4, (*market).place},
	{"pay", 5, (*market).payAny},
	{"step", 12, func(m *market, orderID string) {
		m.wake(orderID)
		if m.draw("fold anew", 8) == 0 {
			m.replay(orderID)
			m.reread(orderID)
		}
	}},
	{"clock", 2, func(m *market, _ string) {
		m.now = max(0, m.now+pick(m, "jump", []int64{-50, 1, 70, 400, 1020, 3000, 8000}))
	}},
	{"timer", 3, (*market).fire},
	{"request fails", 1, func(m *market, orderID string) {
		m.onAccount(orderID, payment.RecordFailure{Code: "declined", Retryable: m.draw("retryable", 3) > 0}, byStream)
	}},
	{"cancel", 1, func(m *market, orderID string) {
		if m.draw("cancel", 2) == 0 {
			m.onOrder(orderID, order.CancelOnRequest{Reason: "changed_my_mind"})
		}
	}},
	{"ship", 3, (*market).shipAny},
	{"deliver", 4, func(m *market, orderID string) {
		if shipments := m.of(orderID).order.Shipments; len(shipments) > 0 {
			m.onOrder(orderID, order.Deliver{ShipmentID: shipments[m.draw("shipment", len(shipments))].ShipmentID})
		}
	}},
	{"receive", 1, func(m *market, _ string) {
		m.onStock(m.sku(), inventory.Receive{StockReceiptID: pick(m, "receipt", []string{"r1", "r2"}),
			Quantity: rapid.Int64Range(1, 5).Draw(m.rt, "quantity"), Now: m.now}, byStream)
	}},
	{"adjust", 1, func(m *market, _ string) {
		m.onStock(m.sku(), inventory.Adjust{AdjustmentID: m.id("adjustment"), Delta: rapid.Int64Range(-4, 2).Draw(m.rt, "delta"),
			Reason: "counted", Now: m.now}, byReceipt)
	}},
	{"catalogue", 1, (*market).changeCatalogue},
	{"refund by a person", 4, func(m *market, orderID string) {
		o := m.of(orderID)
		if o.order.Refundable() == nil {
			m.onAccount(orderID, payment.RequestRefund{RefundID: m.id("refund"), CaptureID: m.captureOf(orderID), AmountMinor: m.amount(),
				Currency: o.order.Currency, Reason: payment.ReasonOperator, Code: "broken", ConfirmBy: m.now + confirm}, byStream)
		}
	}},
	{"provider", 4, func(m *market, _ string) {
		if len(m.asks) > 0 {
			m.answer(m.draw("question", len(m.asks)))
		}
	}},
	{"refund letter", 4, (*market).refundLetter},
	{"review", 5, (*market).resolveAny},
	{"unmatched", 2, (*market).unmatched},
}

var weighted = func() (all []action) {
	for _, a := range actions {
		for range a.weight {
			all = append(all, a)
		}
	}
	return all
}()

// act lets one random thing happen.
func (m *market) act() {
	a := weighted[m.draw("action", len(weighted))]
	a.do(m, pick(m, a.name, []string{"o1", "o1", "o2", "o2", "o3", "o3", "o4"}))
}

// draw is one of 0..n-1, each as likely as any: rapid's own ranges prefer small numbers, which would keep orders from ever
// being delivered.
func (m *market) draw(what string, n int) int {
	return rapid.Custom(func(t *rapid.T) (i int) {
		for range 10 {
			i *= 2
			if rapid.Bool().Draw(t, "bit") {
				i++
			}
		}
		return i % n
	}).Draw(m.rt, what)
}

func pick[T any](m *market, what string, from []T) T { return from[m.draw(what, len(from))] }

func (m *market) sku() string { return pick(m, "sku", skus) }
func (m *market) amount() int64 {
	return pick(m, "amount", []int64{1, 500, 1000, 1500, 3000, 9000})
}

// captureOf is one of an account's captures, or none.
func (m *market) captureOf(orderID string) string {
	captures := m.of(orderID).account.Captures
	if i := m.draw("capture", len(captures)+1); i < len(captures) {
		return captures[i].CaptureID
	}
	return ""
}

// payAny lets money arrive: often what is missing, sometimes under an identity that is known.
func (m *market) payAny(orderID string) {
	o := m.of(orderID)
	amount := m.amount()
	if m.draw("exact", 2) == 0 {
		amount = cmp.Or(checkout.Sums(o.order, o.account).OutstandingMinor, amount)
	}
	identity := m.id("i") // of money that comes once
	if m.draw("known", 3) == 0 {
		identity = pick(m, "identity", []string{"x1", "x2", "x3", "x4"})
	}
	m.pay(orderID, identity, amount,
		pick(m, "currency", []string{"USD", "USD", "USD", "USD", "EUR"}))
}

func (m *market) shipAny(orderID string) {
	c := order.Ship{ShipmentID: m.id("shipment")}
	all := m.draw("all", 2) == 0
	for _, l := range m.of(orderID).order.Lines {
		if all {
			break
		}
		if n := m.draw("units", int(l.Quantity)+2); n > 0 { // one too many now and then
			c.Lines = append(c.Lines, order.ShippedLine{LineID: l.LineID, Quantity: int64(n)})
		}
	}
	m.onOrder(orderID, c) // without lines it is all that is left
}

// resolveAny lets a person answer one of an account's reviews.
func (m *market) resolveAny(orderID string) {
	if reviews := m.of(orderID).account.Reviews; len(reviews) > 0 {
		m.onAccount(orderID, payment.ResolveReview{ReviewID: pick(m, "review", reviews).ReviewID,
			Decision: pick(m, "decision", []string{"apply", "refund", "dismiss"}),
			RefundID: m.id("refund"), ConfirmBy: m.now + confirm, Now: m.now}, byStream)
	}
}

// refundLetter is an answer that names no refund, or a wrong one, or one of another order.
func (m *market) refundLetter(orderID string) {
	a := payment.Answered{AmountMinor: m.amount(), Currency: "USD", ReviewID: m.id("review")}
	if refunds := m.of(orderID).account.Refunds; len(refunds) > 0 {
		r := refunds[m.draw("refund", len(refunds))]
		switch m.draw("names", 3) {
		case 0:
			a.RefundID = r.RefundID
		case 1:
			a.RefundID, a.AmountMinor, a.Currency = r.RefundID, r.AmountMinor, r.Currency
		case 2:
			a.AmountMinor, a.Currency = r.AmountMinor, r.Currency
		}
	}
	if m.draw("failed", 3) == 0 {
		m.onAccount(orderID, payment.RecordRefundFailed{Answered: a, Code: "x", Retry: ladder, Now: m.now}, byReceipt)
	} else {
		m.onAccount(orderID, payment.RecordRefunded{Answered: a}, a.RefundID != "") // one by amount answers the next of that amount
	}
}

// unmatched lets a person decide about money that waits for an order: it belongs to another, or goes back.
func (m *market) unmatched(orderID string) {
	if m.of(orderID).order.Exists() {
		return
	}
	captureID, to := m.captureOf(orderID), pick(m, "to", orderIDs)
	if !m.of(to).order.Exists() {
		m.onAccount(orderID, payment.RefundUnmatched{RefundID: m.id("refund"), CaptureID: captureID, Reason: "unknown_order", ConfirmBy: m.now + confirm}, byStream)
		return
	}
	if moved := m.onAccount(orderID, payment.Reassign{CaptureID: captureID, ToOrderID: to}, byStream); len(moved) > 0 {
		capture, _ := m.of(orderID).account.Capture(captureID)
		m.onAccount(to, payment.Arrive{Capture: capture, FromOrderID: orderID}, byStream)
	}
}

// changeCatalogue changes what later orders are offered; those that are there keep what they were placed at.
func (m *market) changeCatalogue(string) {
	sku := m.sku()
	c := pick(m, "change", []product.Command{product.ChangePrice{PriceMinor: 250}, product.ChangePrice{PriceMinor: 0}, product.ChangePrice{PriceMinor: 1500},
		product.ChangePrice{PriceMinor: 500}, product.Rename{Name: "new " + sku}, product.Discontinue{}})
	m.catalogue[sku] = product.Decider.Fold(m.catalogue[sku], must(product.Decider.Decide(m.catalogue[sku], c))...)
	if again, err := product.Decider.Decide(m.catalogue[sku], c); err != nil || len(again) > 0 {
		m.t.Fatalf("I14: the same change again says %v, %v", again, err)
	}
}
