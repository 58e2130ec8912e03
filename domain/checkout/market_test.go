package checkout_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/domaintest"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
)

// market is a shop to which anything happens, with books beside it.
type market struct {
	*shop
	rt        *rapid.T
	books     *books
	claims    map[string]payment.ClaimState
	catalogue map[string]product.State
	asks      []ask // what the payment provider was asked and has not answered
	history   []fact
	made      int // ids of people's commands
}

// fact is an event and the order that it is about.
type fact struct {
	orderID string
	event   decider.Event
}

type ask struct {
	checkout.Ask
	orderID string
}

var (
	skus     = []string{"A", "B", "C"}
	orderIDs = []string{"o1", "o2", "o3", "o4"}
	// A refund that fails is tried twice more.
	ladder = payment.Ladder{Waits: []int64{60, 300}, Confirm: confirm}
)

func openMarket(rt *rapid.T, quantity *rapid.Generator[int64]) *market {
	m := &market{shop: newShop(rt), rt: rt, claims: map[string]payment.ClaimState{}, catalogue: map[string]product.State{}}
	m.books = newBooks(m.shop)
	m.seen = m.note
	for i, sku := range skus {
		register := product.Register{SKU: sku, Name: sku, PriceMinor: 500 * (int64(i) + 1), Currency: "USD"}
		m.catalogue[sku] = product.Decider.Fold(product.State{}, must(product.Decider.Decide(product.State{}, register))...)
		m.happens("", on{sku, inventory.ItemRegistered{SKU: sku, SafetyStock: int64(i), LowStockThreshold: 2}})
		m.onStock(sku, inventory.Receive{StockReceiptID: "first", Quantity: quantity.Draw(rt, "stock")}, byStream)
	}
	return m
}

// note follows every event: the books check it, and the provider may be asked something.
func (m *market) note(orderID string, event decider.Event) {
	m.history = append(m.history, fact{orderID, event})
	if err := m.books.note(orderID, event); err != nil {
		m.t.Fatalf("%s: %v", orderID, err)
	}
	if a, wanted := checkout.AskFor(event, m.of(orderID).account); wanted {
		m.asks = append(m.asks, ask{a, orderID})
	}
}

// What holds a command that comes twice: the stream itself, or the receipt that app keeps under its key.
const (
	byStream  = true
	byReceipt = false
)

// onStock, onOrder and onAccount let a command happen. A refusal changes nothing. I14: the same command again is no event.
func (m *market) onStock(sku string, c inventory.Command, repeat bool) {
	decide := func() []decider.Event {
		return refusedOr(m.t, func() ([]inventory.Event, error) { return inventory.Decider.Decide(m.stock[sku], c) })
	}
	for _, e := range decide() {
		m.happens("", on{sku, e.(inventory.Event)})
	}
	m.nothingNew(repeat, decide)
}

func (m *market) onOrder(orderID string, c order.Command) {
	decide := func() []decider.Event {
		return refusedOr(m.t, func() ([]order.Event, error) { return order.Decider.Decide(m.of(orderID).order, c) })
	}
	m.happens(orderID, decide()...)
	m.nothingNew(byStream, decide)
}

func (m *market) onAccount(orderID string, c payment.Command, repeat bool) []decider.Event {
	decide := func() []decider.Event {
		return refusedOr(m.t, func() ([]payment.Event, error) { return payment.Decider.Decide(m.of(orderID).account, c) })
	}
	events := decide()
	m.happens(orderID, events...)
	m.nothingNew(repeat, decide)
	return events
}

func (m *market) nothingNew(repeat bool, decide func() []decider.Event) {
	if events := decide(); repeat == byStream && len(events) > 0 {
		m.t.Fatalf("I14: the same command again says\n%s", domaintest.Told(m.t, events))
	}
}

// refusedOr gives a decision's events; an error has to be a refusal.
func refusedOr[E decider.Event](t domaintest.T, decide func() ([]E, error)) (events []decider.Event) {
	decided, err := decide()
	var refusal *decider.Refusal
	if err != nil && !errors.As(err, &refusal) {
		t.Fatalf("%v", err)
	}
	for _, e := range decided {
		events = append(events, e)
	}
	return events
}

func must[E any](events []E, err error) []E {
	if err != nil {
		panic(err)
	}
	return events
}

// place lets an order's letter arrive. What it asks for depends on its id alone, so that a second one is a copy of the first.
func (m *market) place(orderID string) {
	n := int64(orderID[1] - '0')
	c := order.Place{Source: "letter", Letter: true}
	for _, sku := range skus[:1+n%3] {
		p := m.catalogue[sku]
		c.Items = append(c.Items, order.Item{SKU: sku, Quantity: n, Product: &order.Product{
			SKU: sku, Name: p.Name, PriceMinor: p.PriceMinor, Currency: p.Currency, Discontinued: p.Discontinued}})
	}
	if orderID == "o4" {
		c.Items[0].Product = nil // unknown: rejected at the door
	}
	m.onOrder(orderID, c)
}

// pay lets money arrive under an identity.
func (m *market) pay(orderID, identity string, amount int64, currency string) {
	for range 2 { // the second is a copy
		claimed, events, _, err := payment.Receive(m.claims[identity], m.of(orderID).account, orderID,
			payment.RecordCapture{CaptureID: "cap-" + identity, AmountMinor: amount, Currency: currency}, m.id("review"))
		if err != nil {
			m.t.Fatalf("money was refused: %v", err)
		}
		m.claims[identity] = payment.ClaimDecider.Fold(m.claims[identity], claimed...)
		for _, e := range events {
			m.happens(orderID, e)
		}
	}
}

func (m *market) id(what string) string {
	m.made++
	return fmt.Sprint(what, m.made)
}

// wake runs a step and checks what it said as a whole.
func (m *market) wake(orderID string) {
	free := map[string]int64{}
	for _, sku := range skus {
		free[sku] = m.books.freeByHand(sku, m.now)
		if err := m.books.availableHolds(sku, m.now); err != nil {
			m.t.Fatalf("%v", err)
		}
	}
	if err := m.books.stepHolds(orderID, free, m.step(orderID)); err != nil {
		m.t.Fatalf("%s: %v", orderID, err)
	}
}

// replay holds I20: folded anew, the same events lead to the same events with the same ids, whatever else happened between.
func (m *market) replay(orderID string) {
	again := newShop(m.t)
	for _, f := range m.history {
		again.happens(f.orderID, f.event)
	}
	again.now, again.steps = m.now, m.steps
	if got, want := checkout.Step(again.world(orderID)), checkout.Step(m.world(orderID)); !reflect.DeepEqual(got, want) {
		m.t.Fatalf("I20: folded anew the step says\n%s\nnot\n%s", m.told(got), m.told(want))
	}
	if got, want := again.picture(orderID), m.picture(orderID); got != want {
		m.t.Fatalf("I20: folded anew it is\n%s\nnot\n%s", got, want)
	}
}

// reread writes the states down and reads them, as a snapshot does. What happens from then on happens to what was read, so that
// replay, and every invariant, holds it against states that were never written down.
func (m *market) reread(orderID string) {
	o := m.of(orderID)
	o.order, o.account, o.memory = reread(m.t, o.order), reread(m.t, o.account), reread(m.t, o.memory)
	for sku := range m.stock {
		m.stock[sku], m.catalogue[sku] = reread(m.t, m.stock[sku]), reread(m.t, m.catalogue[sku])
	}
	for identity := range m.claims {
		m.claims[identity] = reread(m.t, m.claims[identity])
	}
}

func reread[S any](t domaintest.T, state S) (read S) {
	text := domaintest.JSON(t, state)
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		t.Fatalf("read %T: %v", state, err)
	}
	if difference := cmp.Diff(state, read, cmpopts.EquateEmpty()); difference != "" { // it panics at a field that is not exported
		t.Fatalf("written down and read, a state is another: %s", difference)
	}
	return read
}

// fire lets an order's soonest timer run out if its time has come.
func (m *market) fire(orderID string) {
	o := m.of(orderID)
	pending := checkout.Deadlines(o.order, o.account, o.memory)
	if len(pending) == 0 {
		return
	}
	events := checkout.Fire(o.order, o.account, o.memory, pending[0].Deadline, m.now)
	if due := pending[0].At <= m.now; due != (len(events) == 1) {
		m.t.Fatalf("at %d %+v fires %d times", m.now, pending[0], len(events))
	}
	for _, e := range events {
		m.happens(orderID, e)
	}
	if again := checkout.Fire(o.order, o.account, o.memory, pending[0].Deadline, m.now); len(again) > 0 && len(events) > 0 {
		m.t.Fatalf("I14: %+v fires twice", pending[0])
	}
}

// answer lets the provider answer one of its questions, or not, and sometimes twice.
func (m *market) answer(i int) {
	a := m.asks[i]
	if m.draw("answered again", 4) > 0 {
		m.asks = slices.Delete(m.asks, i, i+1)
	}
	answered := payment.Answered{RefundID: a.Refund.RefundID, ReviewID: m.id("review")}
	switch pick(m, "answer", []string{"paid", "failed", "failed", "manual", "silent"}) {
	case "paid":
		m.onAccount(a.orderID, payment.RecordRefunded{Answered: answered}, byStream)
	case "failed":
		m.onAccount(a.orderID, payment.RecordRefundFailed{Answered: answered, Code: "x", Retry: ladder, Now: m.now}, byReceipt)
	case "manual":
		m.onAccount(a.orderID, payment.RecordRefundFailed{Answered: answered, Code: "x", Now: m.now}, byStream)
	case "silent":
		m.unanswered(a)
	}
}

// unanswered is what the reactor does if the provider does not know: it asks a person.
func (m *market) unanswered(a ask) {
	if a.What == checkout.AskWhat {
		m.onAccount(a.orderID, payment.RaiseReview{ReviewID: m.id("review"), Reason: payment.ReviewRefundUnconfirmed, CaptureID: a.Refund.CaptureID,
			RefundID: a.Refund.RefundID, AmountMinor: a.Refund.AmountMinor, Currency: a.Refund.Currency}, byStream)
	}
}

// comesToRest lets everything happen that happens by itself: steps, answers, deadlines, each in its time. Now and then a person
// answers a review, as long as that can go on.
func (m *market) comesToRest() {
	for turn := range 400 {
		for _, orderID := range orderIDs {
			m.wake(orderID)
		}
		if turn < 60 && m.draw("a person looks", 3) == 0 {
			m.resolveAny(pick(m, "at", orderIDs))
			continue
		}
		if len(m.asks) > 0 {
			m.answer(m.draw("question", len(m.asks)))
			continue
		}
		soonest, next := m.soonest()
		if soonest == "" {
			m.rests()
			return
		}
		m.now = max(m.now, next.At)
		m.fire(soonest)
	}
	m.t.Fatalf("I10: it never comes to rest")
}

// soonest is the order whose deadline is the next, or "".
func (m *market) soonest() (orderID string, next checkout.Pending) {
	for _, id := range orderIDs {
		o := m.of(id)
		if p := checkout.Deadlines(o.order, o.account, o.memory); len(p) > 0 && (orderID == "" || p[0].At < next.At) {
			orderID, next = id, p[0]
		}
	}
	return orderID, next
}

// rests checks what holds at rest, and that whoever is woken late, when all this has happened, says nothing.
func (m *market) rests() {
	for _, orderID := range orderIDs {
		if err := m.books.restHolds(orderID); err != nil {
			m.t.Fatalf("%s: %v", orderID, err)
		}
		m.replay(orderID)
		for _, later := range []int64{0, -1000, 1 << 40} {
			m.now += later
			if said := m.step(orderID); len(said) > 0 {
				m.t.Fatalf("%s was woken late and says\n%s", orderID, domaintest.Told(m.t, said))
			}
			m.now -= later
		}
	}
}
