package payments

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

func TestFold_moneyWithoutAnOrder_hasAnAccount(t *testing.T) {
	row := fold(Row{}, event(3, "payment-7", 1, 100, payment.Captured{CaptureID: "c", AmountMinor: 5, Currency: "USD"}))
	require.Equal(t, payment.StatusUnmatched, checkout.PaymentStatus(row.Order, row.Account))
	require.Equal(t, int64(5), checkout.Sums(row.Order, row.Account).CapturedMinor)
	require.Equal(t, int64(100), row.OpenedAt)
}

func TestFold_knowsWhenEachCaptureCame_andWhatIsDue(t *testing.T) {
	row := fold(Row{}, event(1, "order-7", 1, 100, order.Placed{Currency: "USD", GrandTotalMinor: 9}))
	row = fold(row, event(2, "payment-7", 1, 200, payment.Captured{CaptureID: "c", AmountMinor: 5, Currency: "USD"}))
	row = fold(row, event(3, "payment-7", 2, 300, payment.Captured{CaptureID: "d", AmountMinor: 4, Currency: "USD"}))
	row = fold(row, event(4, "payment-7", 3, 400, payment.Matched{CaptureID: "c", AppliedMinor: 5}))
	require.Equal(t, map[string]int64{"c": 200, "d": 300}, row.ReceivedAt)
	require.Equal(t, int64(9), checkout.Sums(row.Order, row.Account).DueMinor)
	require.Equal(t, payment.StatusPaid, checkout.PaymentStatus(row.Order, row.Account))
	row.Order, row.Account, row.ReceivedAt = order.State{}, payment.State{}, nil
	require.Equal(t, Row{OrderID: "7", OpenedAt: 100, UpdatedAt: 400, Version: 3, Position: 4}, row)
}
