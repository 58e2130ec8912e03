package orders

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
	"ordermill/projections"
)

func event(position int64, stream string, version, at int64, fact decider.Event) projections.Event {
	record := eventstore.Record{Position: position, Stream: stream, Version: version, RecordedAt: time.UnixMilli(at)}
	return projections.Event{Record: record, Fact: fact}
}

func TestFold_moneyBeforeTheOrder_isNotShownButCounts(t *testing.T) {
	row := fold(Row{}, event(3, "payment-7", 1, 100, payment.Captured{CaptureID: "c", AmountMinor: 5, Currency: "USD"}))
	require.False(t, Projection.Shown(row))
	require.Zero(t, row.PlacedAt)

	row = fold(row, event(5, "order-7", 1, 200, order.Placed{Currency: "USD", GrandTotalMinor: 5}))
	row = fold(row, event(8, "checkout-7", 1, 300, checkout.StockReserved{}))
	require.True(t, Projection.Shown(row))
	require.Equal(t, int64(5), checkout.Sums(row.Order, row.Account).CapturedMinor)
	require.Equal(t, checkout.StockIsReserved, row.Memory.Stock)
	row.Order, row.Account, row.Memory = order.State{}, payment.State{}, checkout.State{}
	require.Equal(t, Row{OrderID: "7", PlacedAt: 200, UpdatedAt: 300, Version: 1, Position: 8}, row)
}

func TestFold_laterOrderEvents_leaveTheTimeOfPlacing(t *testing.T) {
	row := fold(Row{}, event(1, "order-7", 1, 200, order.Placed{}))
	row = fold(row, event(2, "order-7", 2, 900, order.Confirmed{}))
	require.Equal(t, int64(200), row.PlacedAt)
	require.Equal(t, int64(900), row.UpdatedAt)
	require.Equal(t, int64(2), row.Version)
}

func TestFold_rejectedAtTheDoor_isAnOrderToo(t *testing.T) {
	row := fold(Row{}, event(1, "order-7", 1, 200, order.Rejected{Reason: order.ReasonUnknownItem}))
	require.True(t, Projection.Shown(row))
	require.Equal(t, order.StatusRejected, row.Order.Status)
}
