package app_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/domain/checkout"
	"ordermill/domain/order"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
)

// What a reactor does not know may be what it waits for, under another name: it must not pass it over.
func TestReactors_eventOfANewerProgram_stopsThem(t *testing.T) {
	s := newShop(t)
	for _, reactor := range []subscription.Reactor{app.NewConfirmations(s.queue, nil, "mailbox"), app.NewCollection(s.Desk)} {
		for _, newer := range []eventstore.Record{
			{Stream: "order-1", Type: "order.approved", SchemaVersion: 1},
			{Stream: "order-1", Type: order.ConfirmedType, SchemaVersion: 2},
		} {
			_, err := reactor.Keys(newer)
			require.ErrorIs(t, err, codec.ErrUnknown, "%s, %s", reactor.Name(), newer.Type)
		}
	}
}

func TestCommands_onAStreamWithANewerEvent_areUnreadable_othersGoOn(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.register("BEAR"))
	s.newer("inventory-BEAR")
	_, err := s.ReceiveStock(t.Context(), app.Call{}, app.ReceiveStock{SKU: "BEAR", Quantity: 1})
	require.ErrorIs(t, err, app.ErrUnreadable)
	require.NoError(t, s.register("OTHER"))
}

func TestCheckout_onANewerEvent_stops(t *testing.T) {
	s := newShop(t)
	s.place("1")
	s.newer("payment-1")
	records, err := s.store.Read(t.Context(), eventstore.Query{Stream: "order-1", Limit: 1})
	require.NoError(t, err)
	err = app.NewCheckout(s.Desk).React(t.Context(), subscription.Work{Key: "1", Deliveries: []subscription.Delivery{{Record: records[0]}}})
	require.ErrorIs(t, err, subscription.ErrStop)
}

func TestTimers_orderWithANewerEvent_isPassedOver(t *testing.T) {
	s := newShop(t)
	s.newer("order-1")
	require.NoError(t, app.NewTimers(s.queue, asked{{OrderID: "1", Pending: []checkout.Pending{
		{Deadline: checkout.Deadline{Timer: checkout.TimerPayment, Ref: "q", Attempt: 1}}}}}, quiet).FireDue(t.Context()))
	require.Zero(t, s.count("checkout.deadline_fired"))
}

// asked is what a read model said of timers.
type asked []app.Due

func (a asked) Due(context.Context, int, string) ([]app.Due, string, int64, error) {
	return a, "", 0, nil
}

// newer writes an event to a stream as a newer program would.
func (s *shop) newer(stream string) {
	s.t.Helper()
	last, err := s.store.Read(s.t.Context(), eventstore.Query{Stream: stream, Latest: true, Limit: 1})
	require.NoError(s.t, err)
	version := int64(0)
	if len(last) > 0 {
		version = last[0].Version
	}
	outcomes, err := s.store.Append(s.t.Context(), []eventstore.Request{{CommandID: uuid.New(), Expected: map[string]int64{stream: version},
		Events: []eventstore.Event{{Stream: stream, Type: "order.teleported", SchemaVersion: 1, Data: json.RawMessage(`{}`), Metadata: json.RawMessage(`{}`)}}}})
	require.NoError(s.t, err)
	require.IsType(s.t, eventstore.Appended{}, outcomes[0])
}
