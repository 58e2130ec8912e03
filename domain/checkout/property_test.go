package checkout_test

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// The same thousand runs each time, unless -rapid.seed or -rapid.checks says otherwise.
func init() {
	if err := errors.Join(flag.Set("rapid.seed", "1"), flag.Set("rapid.checks", "1000")); err != nil {
		panic(err)
	}
}

// market is a shop to which anything happens, and what its invariants have to remember.
type market struct {
	*shop
	rt       *rapid.T
	claims   map[string]payment.ClaimState
	resolved map[string]bool   // reservations by id: true once resolved
	captures map[string]string // capture ids, and the order on whose account they are
	received map[string]int64
}

var (
	skus     = []string{"A", "B", "C"}
	orderIDs = []string{"o1", "o2", "o3", "o4"}
)

func openMarket(rt *rapid.T, quantity *rapid.Generator[int64]) *market {
	m := &market{shop: newShop(rt), rt: rt, claims: map[string]payment.ClaimState{}, resolved: map[string]bool{},
		captures: map[string]string{}, received: map[string]int64{}}
	m.seen = m.holds
	for i, sku := range skus {
		m.happens("", on{sku, inventory.ItemRegistered{SKU: sku, SafetyStock: int64(i)}})
		m.receive(sku, "first", quantity.Draw(rt, "stock"))
	}
	return m
}

func (m *market) receive(sku, receipt string, quantity int64) {
	events, err := inventory.Decider.Decide(m.stock[sku], inventory.Receive{StockReceiptID: receipt, Quantity: quantity, Now: m.now})
	if err != nil {
		return // the same receipt with another quantity
	}
	for _, e := range events {
		if _, ok := e.(inventory.Received); ok {
			m.received[sku] += quantity
		}
		m.happens("", on{sku, e})
	}
}

// asked makes an order that depends on its id alone, so that a second letter is a copy of the first.
func askedFor(orderID string) order.Place {
	n := int64(orderID[1] - '0')
	c := order.Place{Source: "letter", Letter: true}
	for i, sku := range skus[:1+n%3] {
		price := 500 * (int64(i) + 1)
		c.Items = append(c.Items, order.Item{SKU: sku, Quantity: n, Product: &order.Product{SKU: sku, Name: sku, PriceMinor: price, Currency: "USD"}})
	}
	if orderID == "o4" {
		c.Items[0].Product = nil // unknown: rejected at the door
	}
	return c
}

func (m *market) place(orderID string) {
	events, err := order.Decider.Decide(m.of(orderID).order, askedFor(orderID))
	if err != nil {
		m.rt.Fatalf("place: %v", err)
	}
	for _, e := range events {
		m.happens(orderID, e)
	}
}

func (m *market) pay(orderID, identity string, amount int64, currency string) {
	claimed, events, _, err := payment.Receive(m.claims[identity], m.of(orderID).account, orderID,
		payment.RecordCapture{CaptureID: "cap-" + identity, AmountMinor: amount, Currency: currency},
		fmt.Sprint("v", orderID, identity, amount, currency))
	if err != nil {
		m.rt.Fatalf("money was refused: %v", err)
	}
	m.claims[identity] = payment.ClaimDecider.Fold(m.claims[identity], claimed...)
	for _, e := range events {
		m.happens(orderID, e)
	}
}

// act lets one random thing happen.
func (m *market) act() {
	orderID := rapid.SampledFrom(orderIDs).Draw(m.rt, "order")
	switch rapid.IntRange(0, 7).Draw(m.rt, "action") {
	case 0, 1:
		m.place(orderID)
	case 2:
		m.pay(orderID, rapid.SampledFrom([]string{"i1", "i2", "i3", "i4", "i5", "i6"}).Draw(m.rt, "identity"),
			rapid.SampledFrom([]int64{1, 500, 1000, 1500, 3000, 9000}).Draw(m.rt, "amount"),
			rapid.SampledFrom([]string{"USD", "USD", "USD", "EUR"}).Draw(m.rt, "currency"))
	case 3, 4, 5:
		m.wake(orderID)
	case 6:
		m.now = max(0, m.now+rapid.SampledFrom([]int64{-50, 1, 400, 1020, 3000}).Draw(m.rt, "clock"))
	case 7:
		if rapid.IntRange(0, 9).Draw(m.rt, "end") == 0 { // somebody else ends the order
			for _, e := range first(order.Decider.Decide(m.of(orderID).order, order.Cancel{Reason: "r"})) {
				m.happens(orderID, e)
			}
			return
		}
		m.receive(rapid.SampledFrom(skus).Draw(m.rt, "sku"), rapid.SampledFrom([]string{"r1", "r2"}).Draw(m.rt, "receipt"),
			rapid.Int64Range(1, 5).Draw(m.rt, "quantity"))
	}
}

func first[E any](events []E, _ error) []E { return events }

// wake runs a step and checks what it said as a whole.
func (m *market) wake(orderID string) {
	looked := map[string]int64{} // what is free by hand count, overdue holds left out
	for _, sku := range skus {
		looked[sku] = m.free(sku)
		if got := m.stock[sku].Available(m.now); got != looked[sku] { // I19
			m.rt.Fatalf("%s: %d available, counted %d", sku, got, looked[sku])
		}
	}
	var short, stocked bool
	for _, e := range m.step(orderID) {
		switch e := e.(type) {
		case on:
			stocked = true
		case checkout.StockRejected:
			short = true
			for _, s := range e.Shortages {
				if s.Available >= s.Requested || s.Available != looked[s.SKU] {
					m.rt.Fatalf("short of %+v, and %d are free", s, looked[s.SKU])
				}
			}
		case order.Confirmed:
			m.confirmed(orderID)
		}
	}
	if short && stocked { // I5, I21
		m.rt.Fatalf("a refused reservation wrote to SKU streams")
	}
}

func (m *market) free(sku string) int64 {
	s := m.stock[sku]
	free := s.OnHand - s.SafetyStock
	for _, r := range s.Reservations {
		if r.ExpiresAt == 0 || r.ExpiresAt > m.now {
			free -= r.Quantity
		}
	}
	return max(0, free)
}

// confirmed holds I12: fully paid and fully held.
func (m *market) confirmed(orderID string) {
	o := m.of(orderID)
	if sums := checkout.Sums(o.order, o.account); sums.PaidMinor() != sums.DueMinor {
		m.rt.Fatalf("confirmed with %d of %d paid", sums.PaidMinor(), sums.DueMinor)
	}
	for _, l := range o.order.Lines {
		if r := m.stock[l.SKU].Reservations[orderID]; r.Quantity != l.Quantity || r.ExpiresAt != 0 {
			m.rt.Fatalf("confirmed with %+v of %+v held", r, l)
		}
	}
}

// holds checks what must be so after every event.
func (m *market) holds(orderID string, event decider.Event) {
	switch e := event.(type) {
	case on:
		m.stockHolds(e)
	case order.Placed:
		var total int64
		for _, l := range e.Lines {
			total += l.TotalMinor
		}
		if total != e.GrandTotalMinor { // I9
			m.rt.Fatalf("lines add up to %d, the order to %d", total, e.GrandTotalMinor)
		}
	case payment.Event:
		m.moneyHolds(orderID, e)
	}
}

func (m *market) stockHolds(e on) {
	s := m.stock[e.SKU]
	var soft, hard int64
	for _, r := range s.Reservations {
		if r.ExpiresAt == 0 {
			hard += r.Quantity
		} else {
			soft += r.Quantity
		}
	}
	switch {
	case s.OnHand < 0 || s.OnHand-s.Reserved-s.Allocated < 0: // I1
		m.rt.Fatalf("%s promises more than is there: %+v", e.SKU, s)
	case soft != s.Reserved || hard != s.Allocated: // I2
		m.rt.Fatalf("%s: reservations of %d and %d, sums %d and %d", e.SKU, soft, hard, s.Reserved, s.Allocated)
	case s.OnHand != m.received[e.SKU]: // I4
		m.rt.Fatalf("%s: %d on hand, %d received", e.SKU, s.OnHand, m.received[e.SKU])
	}
	switch e := e.Event.(type) { // I3
	case inventory.Reserved:
		if _, known := m.resolved[e.ReservationID]; known {
			m.rt.Fatalf("reservation %s was made twice", e.ReservationID)
		}
		m.resolved[e.ReservationID] = false
	case inventory.ReservationExpired:
		m.resolve(e.ReservationID)
	case inventory.Released:
		m.resolve(e.ReservationID)
	}
}

func (m *market) resolve(reservationID string) {
	if done, known := m.resolved[reservationID]; done || !known {
		m.rt.Fatalf("reservation %s ended twice, or was never made", reservationID)
	}
	m.resolved[reservationID] = true
}

func (m *market) moneyHolds(orderID string, event payment.Event) {
	account := m.of(orderID).account
	switch e := event.(type) {
	case payment.Captured: // I18
		if where, known := m.captures[e.CaptureID]; known {
			m.rt.Fatalf("capture %s is on %s already", e.CaptureID, where)
		}
		m.captures[e.CaptureID] = orderID
	case payment.Matched:
		c, _ := account.Capture(e.CaptureID)
		if c.Currency != m.of(orderID).order.Currency || e.AppliedMinor+e.ExcessMinor != c.AmountMinor || e.AppliedMinor < 0 || e.ExcessMinor < 0 { // I17
			m.rt.Fatalf("%+v was counted as %+v", c, e)
		}
	case payment.RefundRequested:
		c, _ := account.Capture(e.CaptureID)
		if account.Left(c) < 0 || c.Currency != e.Currency { // I8, I17
			m.rt.Fatalf("of %+v more goes back than came: %+v", c, account.Refunds)
		}
	}
	for _, currency := range []string{"USD", "EUR"} { // I7
		sums := account.Sums(payment.Terms{Currency: currency, Exists: true})
		var balance int64
		for _, c := range account.Captures {
			if c.Currency == currency {
				balance += c.AmountMinor
			}
		}
		if sums.BalanceMinor() != balance || sums.PaidMinor() < 0 {
			m.rt.Fatalf("%s: balance %d, counted %d", currency, sums.BalanceMinor(), balance)
		}
	}
}

// rests checks I10 and I11 once every step has run.
func (m *market) rests() {
	for _, orderID := range orderIDs {
		m.wake(orderID)
	}
	for _, orderID := range orderIDs {
		o := m.of(orderID)
		for _, c := range o.account.Captures {
			if o.account.Outcome(c) == payment.OutcomeReceived {
				m.rt.Fatalf("%s: nobody has decided about %+v", orderID, c)
			}
			if o.order.Terminal() && o.account.Left(c) != 0 {
				m.rt.Fatalf("%s is %s and keeps %+v", orderID, o.order.Status, c)
			}
		}
		for _, sku := range skus {
			if _, held := m.stock[sku].Reservations[orderID]; held && o.order.Terminal() {
				m.rt.Fatalf("%s is %s and holds %s", orderID, o.order.Status, sku)
			}
		}
		if o.order.Terminal() != o.memory.Finished() {
			m.rt.Fatalf("%s is %s, its checkout ended with %q", orderID, o.order.Status, o.memory.Outcome)
		}
		if o.order.Status == order.StatusPlaced {
			m.rt.Fatalf("%s rests with its stock not looked at", orderID)
		}
	}
}

// I1-I5, I7-I12, I17-I21 under anything in any order, clock jumps included. Every step is run twice by the fixture.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := openMarket(rt, rapid.Int64Range(1, 8))
		ended := map[string]string{}
		for range rapid.IntRange(1, 60).Draw(rt, "actions") {
			m.act()
			for _, orderID := range orderIDs {
				o := m.of(orderID).order
				if was := ended[orderID]; was != "" && was != o.Status {
					rt.Fatalf("%s left the terminal state %s for %s", orderID, was, o.Status)
				}
				if o.Terminal() {
					ended[orderID] = o.Status
				}
			}
		}
		m.rests()
	})
}

// I13: letters without conflicting contents, with stock enough and no deadline between, in any order and any number of
// copies, with steps at any time between: the same end.
func TestInvariants_orderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type letter func(m *market)
		var letters []letter
		for _, orderID := range orderIDs {
			letters = append(letters, func(m *market) { m.place(orderID) })
			for i, amount := range rapid.SliceOfN(rapid.SampledFrom([]int64{500, 1000, 1500, 3000}), 0, 3).Draw(rt, "amounts") {
				letters = append(letters, func(m *market) { m.pay(orderID, fmt.Sprint(orderID, i), amount, "USD") })
			}
		}
		end := func(letters []letter, between func(*market)) string {
			m := openMarket(rt, rapid.Just(int64(100)))
			for _, l := range letters {
				l(m)
				between(m)
			}
			m.rests()
			return m.summary()
		}
		want := end(letters, func(*market) {})
		copies := append(letters, rapid.SliceOfN(rapid.SampledFrom(letters), 0, 5).Draw(rt, "copies")...)
		got := end(rapid.Permutation(copies).Draw(rt, "order"), func(m *market) {
			if rapid.Bool().Draw(rt, "step") {
				m.wake(rapid.SampledFrom(orderIDs).Draw(rt, "of"))
			}
		})
		if got != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// summary tells statuses, sums and stock.
func (m *market) summary() (told string) {
	for _, orderID := range orderIDs {
		o := m.of(orderID)
		told += fmt.Sprintln(orderID, o.order.Status, o.order.Reason, checkout.PaymentStatus(o.order, o.account),
			fmt.Sprintf("%+v", checkout.Sums(o.order, o.account)), checkout.WaitingFor(o.order, o.account))
	}
	for _, sku := range skus {
		s := m.stock[sku]
		told += fmt.Sprintln(sku, s.OnHand, s.Reserved, s.Allocated)
	}
	return told
}
