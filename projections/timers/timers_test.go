package timers

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

// row folds events of order 7's streams.
func row(facts ...decider.Event) (row Row) {
	for i, fact := range facts {
		record := eventstore.Record{Position: int64(i + 1), Stream: "any-7", RecordedAt: time.UnixMilli(1)}
		row = fold(row, projections.Event{Record: record, Fact: fact})
	}
	return row
}

var asked = []decider.Event{
	order.Placed{Currency: "USD", GrandTotalMinor: 5, Lines: []order.Line{{LineID: "1", SKU: "A", Quantity: 1}}},
	payment.Requested{RequestID: "q", Attempt: 1, AmountMinor: 5, Currency: "USD", ExpiresAt: 900}, order.PaymentAwaited{PayBy: 900},
}

func TestFold_awaitedMoney_isDueAtTheEndOfItsWindow(t *testing.T) {
	got := row(asked...)
	require.True(t, Projection.Shown(got))
	require.Equal(t, int64(900), got.DueAt())
	require.Equal(t, []checkout.Pending{{Deadline: checkout.Deadline{Timer: checkout.TimerPayment, Ref: "q", Attempt: 1}, At: 900}}, got.Pending())
	require.Equal(t, "7", got.OrderID)
	require.Empty(t, got.Order.Lines, "no deadline depends on them")
}

func TestFold_firedOrSettled_nothingIsPending(t *testing.T) {
	fired := checkout.DeadlineFired{Deadline: checkout.Deadline{Timer: checkout.TimerPayment, Ref: "q", Attempt: 1}}
	for name, last := range map[string]decider.Event{"fired": fired, "confirmed": order.Confirmed{}, "cancelled": order.Cancelled{}} {
		got := row(append(asked, last)...)
		require.False(t, Projection.Shown(got), name)
		require.Zero(t, got.DueAt(), name)
	}
}

func TestFold_moneyWithoutAnOrder_isDueWhenItHasWaitedLongEnough(t *testing.T) {
	money := []decider.Event{payment.Captured{CaptureID: "c", AmountMinor: 5, Currency: "USD"}, payment.Unmatched{CaptureID: "c", ParkUntil: 70}}
	require.Equal(t, int64(70), row(money...).DueAt())
	require.False(t, Projection.Shown(row(append(money, asked[0])...)), "its order has come")
}

func TestFold_severalTimers_theSoonestCounts(t *testing.T) {
	got := row(append(asked, payment.Captured{CaptureID: "c", AmountMinor: 5, Currency: "EUR"},
		payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 5, Currency: "EUR", ConfirmBy: 800},
		payment.RefundFailed{RefundID: "f", RetryAt: 300, ConfirmBy: 1300})...)
	require.Equal(t, int64(300), got.DueAt())
	require.Len(t, got.Pending(), 2)
}
