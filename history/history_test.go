package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// memory is a log that counts what is read of it.
type memory struct {
	t       *testing.T
	records []eventstore.Record
	read    int
}

// fact is an event of a stream.
type fact struct {
	stream string
	event  decider.Event
}

// command appends the events of one command, a second after the one before.
func (m *memory) command(facts ...fact) {
	id := uuid.New()
	for _, f := range facts {
		name, version, data, err := codec.Encode(f.event)
		require.NoError(m.t, err)
		m.append(eventstore.Record{Stream: f.stream, Type: name, SchemaVersion: version, Data: data, CommandID: id})
	}
}

func (m *memory) append(r eventstore.Record) {
	r.Position, r.Version, r.EventID, r.RecordedAt = int64(len(m.records)+1), 1, uuid.New(), m.at(0)
	for _, before := range m.records {
		if before.Stream == r.Stream {
			r.Version = before.Version + 1
		}
		if before.CommandID != r.CommandID {
			r.RecordedAt = before.RecordedAt.Add(time.Second)
		}
	}
	m.records = append(m.records, r)
}

// at is so many seconds after the first command.
func (m *memory) at(seconds int) time.Time {
	return time.UnixMilli(0).UTC().Add(time.Duration(seconds) * time.Second)
}

func (m *memory) Read(_ context.Context, q eventstore.Query) (found []eventstore.Record, err error) {
	for _, r := range m.records {
		if r.Position > q.After && (q.Stream == "" || r.Stream == q.Stream && r.Version > q.AfterVersion) {
			found = append(found, r)
		}
	}
	if q.Latest && len(found) > 0 {
		found = found[len(found)-1:]
	}
	found = found[:min(len(found), q.Limit)]
	m.read += len(found)
	return found, nil
}

func newMemory(t *testing.T) *memory {
	m := &memory{t: t}
	m.command(fact{"inventory-A", inventory.ItemRegistered{SKU: "A", LowStockThreshold: 1}})
	m.command(fact{"inventory-A", inventory.Received{StockReceiptID: "s", Quantity: 10}})
	return m
}

// paidOrder lets an order of 3 units of A be placed, held, paid for and confirmed.
func (m *memory) paidOrder(id string) {
	m.command(fact{"order-" + id, order.Placed{Currency: "USD", GrandTotalMinor: 900, Lines: []order.Line{{LineID: "1", SKU: "A", Quantity: 3}}}})
	m.command(fact{"inventory-A", inventory.Reserved{ReservationID: "r-" + id, OrderID: id, Quantity: 3, ExpiresAt: 5000}},
		fact{"checkout-" + id, checkout.StockReserved{}},
		fact{"payment-" + id, payment.Requested{RequestID: "q-" + id, Attempt: 1, AmountMinor: 900, Currency: "USD", ExpiresAt: 4000}},
		fact{"order-" + id, order.PaymentAwaited{PayBy: 4000}})
	m.command(fact{"capture-" + id, payment.Claimed{CaptureID: "c-" + id, OrderID: id, AmountMinor: 900, Currency: "USD"}},
		fact{"payment-" + id, payment.Captured{CaptureID: "c-" + id, AmountMinor: 900, Currency: "USD", Source: "http"}})
	m.command(fact{"inventory-A", inventory.ReservationSecured{ReservationID: "r-" + id, OrderID: id, Quantity: 3}},
		fact{"checkout-" + id, checkout.StockSecured{}}, fact{"order-" + id, order.Confirmed{}},
		fact{"payment-" + id, payment.Matched{CaptureID: "c-" + id, AppliedMinor: 900}})
}

func TestMovements_runningSums_pageByPage(t *testing.T) {
	m := newMemory(t)
	m.paidOrder("7")
	m.command(fact{"inventory-A", inventory.Committed{ReservationID: "r-7", OrderID: "7", ShipmentID: "p", Quantity: 2}})
	m.command(fact{"inventory-A", inventory.Adjusted{AdjustmentID: "a", Delta: -1, Reason: "broken"}})
	h := New(m, nil)
	all, more, err := h.Movements(t.Context(), "A", 0, 50)
	require.NoError(t, err)
	require.False(t, more)
	want := []struct {
		reference, orderID string
		delta, after       Sums
	}{
		{"", "", Sums{}, Sums{}}, {"s", "", Sums{OnHand: 10}, Sums{OnHand: 10}},
		{"r-7", "7", Sums{Reserved: 3}, Sums{10, 3, 0}}, {"r-7", "7", Sums{0, -3, 3}, Sums{10, 0, 3}},
		{"p", "7", Sums{-2, 0, -2}, Sums{8, 0, 1}}, {"a", "", Sums{OnHand: -1}, Sums{7, 0, 1}},
	}
	require.Len(t, all, len(want))
	for i, w := range want {
		require.Equal(t, w.reference, all[i].Reference, i)
		require.Equal(t, w.orderID, all[i].OrderID, i)
		require.Equal(t, [2]Sums{w.delta, w.after}, [2]Sums{all[i].Delta, all[i].After}, i)
	}
	var paged []Movement
	for after, more := int64(0), true; more; {
		var page []Movement
		page, more, err = h.Movements(t.Context(), "A", after, 2)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), 2)
		paged, after = append(paged, page...), page[len(page)-1].Version
	}
	require.Equal(t, all, paged)
	_, _, err = h.Movements(t.Context(), "B", 0, 1)
	require.ErrorIs(t, err, ErrNotFound)
}

func TestReservations_openOnes_softAndHard(t *testing.T) {
	m := newMemory(t)
	m.paidOrder("7")
	m.command(fact{"inventory-A", inventory.Reserved{ReservationID: "r-6", OrderID: "6", Quantity: 1, ExpiresAt: 9000}})
	m.command(fact{"inventory-A", inventory.Reserved{ReservationID: "r-5", OrderID: "5", Quantity: 1, ExpiresAt: 9000}})
	m.command(fact{"inventory-A", inventory.Released{ReservationID: "r-5", OrderID: "5", Quantity: 1}})
	open, position, err := New(m, nil).Reservations(t.Context(), "A")
	require.NoError(t, err)
	require.Equal(t, []Reservation{{"6", inventory.Reservation{ReservationID: "r-6", Quantity: 1, ExpiresAt: 9000}},
		{"7", inventory.Reservation{ReservationID: "r-7", Quantity: 3}}}, open)
	require.Equal(t, int64(len(m.records)), position)
	_, _, err = New(m, nil).Reservations(t.Context(), "B")
	require.ErrorIs(t, err, ErrNotFound)
}

// stocks knows what is told it.
type stocks struct {
	state inventory.State
	err   error
}

func (s stocks) Stock(context.Context, string) (inventory.State, int64, error) {
	return s.state, 77, s.err
}

func TestReservations_ofAKnownStock_readNoStream(t *testing.T) {
	m := &memory{}
	held := map[string]inventory.Reservation{"7": {ReservationID: "r", Quantity: 3}}
	open, position, err := New(m, stocks{state: inventory.State{SKU: "A", Reservations: held}}).Reservations(t.Context(), "A")
	require.NoError(t, err)
	require.Equal(t, []Reservation{{"7", held["7"]}}, open)
	require.EqualValues(t, 77, position)

	_, _, err = New(m, stocks{}).Reservations(t.Context(), "A")
	require.ErrorIs(t, err, ErrNotFound)
	_, _, err = New(m, stocks{err: errors.New("a newer event")}).Reservations(t.Context(), "A")
	require.ErrorIs(t, err, ErrNotFound, "folded from the stream, which is empty")
}

func TestStory_allStreamsOldestFirst_nobodyElses(t *testing.T) {
	m := newMemory(t)
	m.paidOrder("6")
	first := len(m.records)
	m.paidOrder("7")
	last := len(m.records)
	m.paidOrder("8")
	s, err := New(m, nil).Story(t.Context(), "7")
	require.NoError(t, err)
	var positions, want []int64
	for _, e := range s.Entries {
		positions = append(positions, e.Position)
		require.NotEmpty(t, e.Text)
	}
	for p := first + 1; p <= last; p++ {
		want = append(want, int64(p))
	}
	require.Equal(t, want, positions, "with its stock's events and its money's claim")
	require.Equal(t, "The order was placed: 1 line, 9.00 USD.", s.Entries[0].Text)
	require.Equal(t, "3 units of A held until 1970-01-01 00:00:05 UTC.", s.Entries[1].Text)
	require.Equal(t, "It waits to be shipped.", s.WaitingFor)
	require.Empty(t, s.Pending)
	require.False(t, s.Truncated)
	_, err = New(m, nil).Story(t.Context(), "9")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestStory_waitsAndTimers(t *testing.T) {
	m := newMemory(t)
	m.command(fact{"order-7", order.Placed{Currency: "USD", GrandTotalMinor: 900, Lines: []order.Line{{LineID: "1", SKU: "A", Quantity: 3}}}})
	m.command(fact{"checkout-7", checkout.StockReserved{}},
		fact{"payment-7", payment.Requested{RequestID: "q", Attempt: 1, AmountMinor: 900, Currency: "USD", ExpiresAt: 9000}},
		fact{"order-7", order.PaymentAwaited{PayBy: 9000}})
	s, err := New(m, nil).Story(t.Context(), "7")
	require.NoError(t, err)
	require.Equal(t, []Wait{{For: checkout.WaitingForStock, Since: m.at(2), Until: m.at(3)}, {For: checkout.WaitingForPayment, Since: m.at(3)}}, s.Waits)
	require.Equal(t, []checkout.Pending{{Deadline: checkout.Deadline{Timer: checkout.TimerPayment, Ref: "q", Attempt: 1}, At: 9000}}, s.Pending)
	require.Equal(t, "It waits for 9.00 USD, until 1970-01-01 00:00:09 UTC.", s.WaitingFor)
}

func TestStory_moneyWithoutAnOrder_hasOneToo(t *testing.T) {
	m := newMemory(t)
	m.command(fact{"payment-7", payment.Captured{CaptureID: "c", AmountMinor: 900, Currency: "USD"}})
	m.command(fact{"payment-7", payment.Unmatched{CaptureID: "c", ParkUntil: 9000}})
	s, err := New(m, nil).Story(t.Context(), "7")
	require.NoError(t, err)
	require.Equal(t, "9.00 USD has arrived and waits for its order, until 1970-01-01 00:00:09 UTC.", s.WaitingFor)
}

// TestStory_popularSKU: what happened to the SKU before the order was placed, and after it ended, is not read.
func TestStory_popularSKU_readsOnlyItsTime(t *testing.T) {
	m := newMemory(t)
	const others = 3000
	crowd := func() {
		for i := range others {
			m.command(fact{"inventory-A", inventory.Adjusted{AdjustmentID: fmt.Sprint(i), Delta: 1}})
		}
	}
	crowd()
	m.paidOrder("7")
	m.command(fact{"order-7", order.Cancelled{Reason: "changed_mind"}})
	m.command(fact{"inventory-A", inventory.Released{ReservationID: "r-7", OrderID: "7", Quantity: 3}}, fact{"checkout-7", checkout.StockReleased{}})
	crowd()
	m.read = 0
	s, err := New(m, nil).Story(t.Context(), "7")
	require.NoError(t, err)
	require.Equal(t, "checkout.stock_released", s.Entries[len(s.Entries)-1].Type)
	require.Equal(t, "inventory.released", s.Entries[len(s.Entries)-2].Type, "after the order ended, what it held was released")
	require.False(t, s.Truncated)
	require.Less(t, m.read, others, "no more than a page of the crowd")
}

func TestStory_longLife_isTruncated_andSaysSo(t *testing.T) {
	m := newMemory(t)
	m.paidOrder("7")
	stream := fact{"inventory-A", inventory.Adjusted{AdjustmentID: "x", Delta: 1}}
	name, version, data, err := codec.Encode(stream.event)
	require.NoError(t, err)
	last := m.records[len(m.records)-1]
	for i := range int64(readAtMost + 1) { // past append, which looks at all records
		m.records = append(m.records, eventstore.Record{Position: last.Position + i + 1, Stream: stream.stream, Version: 100 + i, Type: name,
			SchemaVersion: version, Data: data, CommandID: uuid.New()})
	}
	s, err := New(m, nil).Story(t.Context(), "7")
	require.NoError(t, err)
	require.True(t, s.Truncated)
}

func TestStory_eventThatCannotBeRead_isShownAllTheSame(t *testing.T) {
	m := newMemory(t)
	m.paidOrder("7")
	m.append(eventstore.Record{Stream: "order-7", Type: "order.teleported", SchemaVersion: 1, Data: json.RawMessage(`{}`), CommandID: uuid.New()})
	m.append(eventstore.Record{Stream: "payment-7", Type: payment.CapturedType, SchemaVersion: 1, Data: json.RawMessage(`[1]`), CommandID: uuid.New()})
	s, err := New(m, nil).Story(t.Context(), "7")
	require.NoError(t, err)
	for _, e := range s.Entries[len(s.Entries)-2:] {
		require.Equal(t, "This program cannot read this event.", e.Text)
	}
	require.Equal(t, order.StatusConfirmed, s.Order.Status)
}
