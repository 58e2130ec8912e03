package projectiontest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// skus is how many products a shop sells.
const skus = 3

// shop writes a plausible log: commands of several events over several streams, of many orders at once.
type shop struct {
	t        testing.TB
	store    *eventstore.Store
	random   *rand.Rand
	versions map[string]int64
	placed   int
	atOnce   int                  // commands of one append; 1 unless a benchmark is in a hurry
	waiting  []eventstore.Request // commands to be appended
}

// fact is an event and the stream it belongs to.
type fact struct {
	stream string
	event  decider.Event
}

func newShop(t testing.TB, store *eventstore.Store, seed uint64) *shop {
	s := &shop{t: t, store: store, random: rand.New(rand.NewPCG(seed, 1)), versions: map[string]int64{}, atOnce: 1}
	for i := range skus {
		name := fmt.Sprintf("Teddy %d", i)
		s.happens(
			fact{"product-" + sku(i), product.Registered{SKU: sku(i), Name: name, NameKey: strings.ToLower(name), PriceMinor: 2999, Currency: "USD"}},
			fact{"inventory-" + sku(i), inventory.ItemRegistered{SKU: sku(i), SafetyStock: 1, LowStockThreshold: 5}})
		s.happens(fact{"inventory-" + sku(i), inventory.Received{StockReceiptID: uuid.NewString(), Quantity: 100}})
	}
	// Uppercase sorts before lowercase, bytewise, whatever a database's collation says.
	for _, sku := range []string{"a.teddy", "A.teddy", "B:bear", "b:bear", "_bear"} {
		s.happens(
			fact{"product-" + sku, product.Registered{SKU: sku, Name: sku, NameKey: sku, PriceMinor: 1, Currency: "USD"}},
			fact{"inventory-" + sku, inventory.ItemRegistered{SKU: sku}})
	}
	return s
}

func sku(i int) string { return fmt.Sprintf("TEDDY-%d", i) }

// happens appends the facts of one command. It may be called beside the test's goroutine.
func (s *shop) happens(facts ...fact) {
	request := eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{}}
	for _, f := range facts {
		eventType, version, data, err := codec.Encode(f.event)
		if err != nil {
			s.t.Errorf("encode %T: %v", f.event, err)
			return
		}
		request.Events = append(request.Events, eventstore.Event{
			Stream: f.stream, Type: eventType, SchemaVersion: version, Data: data, Metadata: json.RawMessage(`{}`)})
	}
	s.append(request)
}

func (s *shop) append(request eventstore.Request) {
	for _, e := range request.Events {
		if _, ok := request.Expected[e.Stream]; !ok {
			request.Expected[e.Stream] = s.versions[e.Stream]
		}
		s.versions[e.Stream]++
	}
	s.waiting = append(s.waiting, request)
	if len(s.waiting) >= s.atOnce {
		s.flush()
	}
}

// flush appends what waits.
func (s *shop) flush() {
	outcomes, err := s.store.Append(context.Background(), s.waiting)
	s.waiting = nil
	if err != nil {
		s.t.Errorf("append: %v", err)
		return
	}
	for _, outcome := range outcomes {
		if _, ok := outcome.(eventstore.Appended); !ok {
			s.t.Errorf("append: %#v", outcome)
		}
	}
}

// orders lets n more orders happen, their commands interleaved.
func (s *shop) orders(n int) {
	var scripts [][][]fact
	for range n {
		scripts = append(scripts, s.script())
	}
	for len(scripts) > 0 {
		i := s.random.IntN(len(scripts))
		s.happens(scripts[i][0]...)
		if scripts[i] = scripts[i][1:]; len(scripts[i]) == 0 {
			scripts = append(scripts[:i], scripts[i+1:]...)
		}
	}
}

// script is what happens to one order, command by command.
func (s *shop) script() [][]fact {
	s.placed++
	// Ids in both cases, so that bytewise order shows.
	id := fmt.Sprintf("%c%d", "aAbB_"[s.placed%5], s.placed)
	o, p, c, stock := "order-"+id, "payment-"+id, "checkout-"+id, "inventory-"+sku(s.random.IntN(skus))
	reservation, capture, request := "r-"+id, "c-"+id, "q-"+id
	paid := []fact{{p, payment.Captured{CaptureID: capture, AmountMinor: 2999, Currency: "USD", Source: "http"}}}
	placed := []fact{{o, order.Placed{Source: "http", Currency: "USD", GrandTotalMinor: 2999, Content: id,
		Lines: []order.Line{{LineID: "1", SKU: stock[len("inventory-"):], Name: "Teddy", Quantity: 1, UnitPriceMinor: 2999, TotalMinor: 2999}}}}}
	reserved := []fact{
		{stock, inventory.Reserved{ReservationID: reservation, OrderID: id, Quantity: 1, ExpiresAt: 1}},
		{c, checkout.StockReserved{}},
		{p, payment.Requested{RequestID: request, Attempt: 1, AmountMinor: 2999, Currency: "USD", ExpiresAt: 2}},
		{o, order.PaymentAwaited{PayBy: 2}},
	}
	confirmed := []fact{
		{p, payment.Matched{CaptureID: capture, AppliedMinor: 2999}},
		{stock, inventory.ReservationSecured{ReservationID: reservation, OrderID: id, Quantity: 1}},
		{c, checkout.StockSecured{}},
		{o, order.Confirmed{}},
	}
	back := []fact{{p, payment.RefundRequested{RefundID: "f-" + id, CaptureID: capture, AmountMinor: 2999, Currency: "USD", Reason: "cancelled", ConfirmBy: 9}}}
	switch s.random.IntN(8) {
	case 0: // money that nobody placed an order for
		return [][]fact{paid, {{p, payment.Unmatched{CaptureID: capture, ParkUntil: 9}}}}
	case 1: // paid first, then rejected at the door
		return [][]fact{paid, {{o, order.Rejected{Reason: "unknown_item", Content: id}}}, back}
	case 2: // the stock is lost after payment
		return [][]fact{placed, reserved, {{stock, inventory.ReservationExpired{ReservationID: reservation, OrderID: id, Quantity: 1}}}, paid,
			{{c, checkout.StockLost{}}, {o, order.Cancelled{Reason: "out_of_stock_after_payment"}}}}
	case 3: // delivered
		return [][]fact{placed, reserved, paid, confirmed,
			{{o, order.Shipped{ShipmentID: "s-" + id, Lines: []order.ShippedLine{{LineID: "1", Quantity: 1}}, Carrier: "dhl", Final: true}}},
			{{stock, inventory.Committed{ReservationID: reservation, OrderID: id, ShipmentID: "s-" + id, Quantity: 1}}},
			{{o, order.Delivered{ShipmentID: "s-" + id}}}, {{o, order.Completed{}}, {c, checkout.Finished{Outcome: "completed"}}}}
	case 4: // cancelled, and the refund goes the long way
		retry := checkout.Deadline{Timer: checkout.TimerRetry, Ref: "f-" + id, Attempt: 2}
		return [][]fact{placed, reserved, paid, confirmed, {{o, order.Cancelled{Reason: "changed_my_mind"}}},
			append(back, fact{stock, inventory.Released{ReservationID: reservation, OrderID: id, Quantity: 1, Reason: "cancelled"}}),
			{{p, payment.RefundFailed{RefundID: "f-" + id, Code: "x", RetryAt: 5, ConfirmBy: 9}}}, {{c, checkout.DeadlineFired{Deadline: retry}}},
			{{p, payment.RefundFailed{RefundID: "f-" + id, Code: "x"}},
				{p, payment.ReviewRaised{ReviewID: "v-" + id, Reason: payment.ReviewRefundFailed, CaptureID: capture, RefundID: "f-" + id, AmountMinor: 2999, Currency: "USD"}}},
			{{p, payment.ReviewResolved{ReviewID: "v-" + id, Decision: payment.DecideApply, RefundID: "f-" + id}}, {p, payment.Refunded{RefundID: "f-" + id}}}}
	case 5: // not paid in time, while stock and catalogue change
		catalogue, unpaid := "product-"+stock[len("inventory-"):], checkout.Deadline{Timer: checkout.TimerPayment, Ref: request, Attempt: 1}
		return [][]fact{placed, reserved, {{p, payment.Failed{RequestID: request, Code: "declined", Retryable: true}}}, s.changed(catalogue, stock),
			{{c, checkout.DeadlineFired{Deadline: unpaid}}},
			{{o, order.Expired{}}, {p, payment.RequestClosed{RequestID: request, Reason: "expired"}},
				{stock, inventory.Released{ReservationID: reservation, OrderID: id, Quantity: 1, Reason: "expired"}}}}
	default:
		return [][]fact{placed, reserved, paid, confirmed, {{o, order.ConfirmationSent{Channel: "mail", MessageID: "m-" + id}}}}
	}
}

// changed is another price and name of a product, and its stock corrected.
func (s *shop) changed(productStream, stock string) []fact {
	name := fmt.Sprint("Teddy, the ", s.placed)
	return []fact{{productStream, product.PriceChanged{OldMinor: 2999, NewMinor: 2999 + int64(s.placed)}},
		{productStream, product.Renamed{OldName: "Teddy", Name: name, NameKey: strings.ToLower(name)}},
		{stock, inventory.Adjusted{AdjustmentID: fmt.Sprint("a-", s.placed), Delta: 2, Reason: "counted"}},
		{stock, inventory.LowStockReached{Available: 5}}, {stock, inventory.Restocked{Available: 7}}}
}

// hidden lets rows be folded that there is nothing to show of: money without an order, a product without stock.
func (s *shop) hidden() {
	s.happens(fact{"payment-nobody", payment.Captured{CaptureID: "c", AmountMinor: 1, Currency: "USD", Source: "http"}})
	s.happens(fact{"product-nostock", product.Registered{SKU: "nostock", Name: "None", NameKey: "none", Currency: "USD"}})
}

// ours is a stream of a key that the projection folds.
func ours(projection, key string) (stream, eventType string) {
	switch projection {
	case "products":
		return "product-" + key, product.RegisteredType
	case "inventory":
		return "inventory-" + key, inventory.ReceivedType
	case "cases":
		return "payment-" + key, payment.CapturedType
	default:
		return "order-" + key, order.PlacedType
	}
}

// poison gives a key of the projection a good event, and one that nobody can decode, and a good one again. It returns the
// position before the bad one.
func (s *shop) poison(projection string) (key string, before int64) {
	switch projection {
	case "inventory", "products":
		key = sku(0)
	default:
		key = "poisoned"
		s.happens(fact{"order-" + key, order.Rejected{Reason: "unknown_item"}})
	}
	stream, eventType := ours(projection, key)
	if projection == "cases" { // which case the bad event is about cannot be told: its stream's name stands for it
		key = stream
	}
	before = s.store.Known()
	s.append(eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{}, Events: []eventstore.Event{{
		Stream: stream, Type: eventType, SchemaVersion: 1, Data: json.RawMessage(`[1]`), Metadata: json.RawMessage(`{}`)}}})
	s.append(eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{}, Events: []eventstore.Event{{
		Stream: stream, Type: eventType, SchemaVersion: 1, Data: json.RawMessage(`{}`), Metadata: json.RawMessage(`{}`)}}})
	return key, before
}

// unknown appends an event of a type that this program does not know, to a stream that the projection folds.
func (s *shop) unknown(projection string) {
	stream, _ := ours(projection, "X")
	s.append(eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{}, Events: []eventstore.Event{{
		Stream: stream, Type: "order.teleported", SchemaVersion: 1, Data: json.RawMessage(`{}`), Metadata: json.RawMessage(`{}`)}}})
}
