package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/domain/payment"
	"ordermill/projections"
	"ordermill/projections/cases"
	"ordermill/projections/orders"
)

func TestFilters_reachTheReadModel_andTheNextLink(t *testing.T) {
	s := newShop(t)
	s.orders["1"], s.orders["2"] = orders.Row{OrderID: "1"}, orders.Row{OrderID: "2"}
	answer := s.get("/v1/orders?limit=1&status=confirmed&payment_status=paid&sku=A_B&customer_ref=c-1&placed_after=2026-01-01T00:00:00Z&placed_before=2026-01-02T01:00:00%2B01:00")
	require.Equal(t, 200, answer.StatusCode, answer.text)
	midnight := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []projections.Condition{
		{Column: "status", Is: projections.Equal, Value: "confirmed"}, {Column: "payment_status", Is: projections.Equal, Value: "paid"},
		{Column: "skus", Is: projections.Holds, Value: "A_B"}, {Column: "customer_ref", Is: projections.Equal, Value: "c-1"},
		{Column: "placed_at", Is: projections.AtLeast, Value: midnight.UnixMilli()},
		{Column: "placed_at", Is: projections.Below, Value: midnight.Add(24 * time.Hour).UnixMilli()},
	}, asked.Load().(projections.Query).Where)
	for _, part := range []string{"cursor=next", "status=confirmed", "sku=A_B", "placed_after=2026-01-01T00%3A00%3A00Z"} {
		require.Contains(t, answer.Header.Get("Link"), part)
	}
	s.get("/v1/payments?status=paid&order_id=7")
	require.Equal(t, []projections.Condition{{Column: "status", Is: projections.Equal, Value: "paid"}, {Column: "key", Is: projections.Equal, Value: "7"}},
		asked.Load().(projections.Query).Where)
}

func TestFilters_thatBreakTheirForm_are400(t *testing.T) {
	s := newShop(t)
	for _, query := range []string{"orders?status=lost", "orders?sku=a%20b", "orders?placed_after=yesterday", "orders?placed_before=2026-01-01", "orders?status=",
		"payments?status=confirmed", "payments?order_id=a%25", "refunds?status=open", "reviews?status=all", "orders?min_position=-1", "orders?order_id=1"} {
		require.Equal(t, 400, s.get("/v1/"+query).StatusCode, query)
	}
}

func TestMinPosition_isWaitedFor_andBoundedly(t *testing.T) {
	s := newShop(t)
	s.orders["1"] = orders.Row{OrderID: "1"}
	require.Equal(t, 200, s.get("/v1/orders/1?min_position=7").StatusCode)
	require.Equal(t, 200, s.get("/v1/orders?min_position=7").StatusCode)
	for _, path := range []string{"/v1/orders/1", "/v1/reviews"} {
		started := time.Now()
		answer := s.get(path + "?min_position=8")
		answer.problem(v1.ProjectionBehind)
		require.Equal(t, "1", answer.Header.Get("Retry-After"))
		require.GreaterOrEqual(t, time.Since(started), 5*time.Second)
	}
}

func TestCases_asTheReadModelShowsThem(t *testing.T) {
	s := newShop(t)
	at := recorded.UnixMilli()
	s.cases["x"] = cases.Row{OrderID: "1", Status: cases.Resolved, Decision: payment.DecideApply, ReceivedAt: at, OpenedAt: at, UpdatedAt: at,
		Review: payment.Review{ReviewID: "v", Reason: payment.ReviewRefundFailed, RefundID: "f", AmountMinor: 5, Currency: "USD"},
		Account: payment.State{
			Captures: []payment.Capture{{CaptureID: "c", AmountMinor: 5, Currency: "USD", ParkUntil: at}},
			Refunds:  []payment.Refund{{RefundID: "f", CaptureID: "c", AmountMinor: 5, Currency: "USD", Reason: "expired", Status: payment.RefundFaulty, FailedCode: "closed", Attempts: 2, RetryAt: at}},
		}}
	var money v1.List[v1.UnmatchedMoney]
	s.get("/v1/payments/unmatched").ok(200, &money)
	require.Equal(t, []v1.UnmatchedMoney{{CaptureID: "c", OrderID: "1", AmountMinor: 5, Currency: "USD", ParkUntil: when(), ReceivedAt: when()}}, money.Items)
	var refunds v1.List[v1.RefundCase]
	s.get("/v1/refunds?status=failed").ok(200, &refunds)
	require.Equal(t, []v1.RefundCase{{Refund: v1.Refund{RefundID: "f", CaptureID: "c", AmountMinor: 5, Currency: "USD", Reason: "expired", Status: "failed", Attempts: 2},
		OrderID: "1", FailedCode: "closed", RetryAt: when(), RequestedAt: when(), UpdatedAt: when()}}, refunds.Items)
	var reviews v1.List[v1.ReviewCase]
	s.get("/v1/reviews?status=resolved").ok(200, &reviews)
	require.Equal(t, []v1.ReviewCase{{Review: v1.Review{ReviewID: "v", Reason: "refund_failed", RefundID: "f", AmountMinor: 5, Currency: "USD"},
		OrderID: "1", Status: "resolved", Decision: "apply", RaisedAt: when(), ResolvedAt: when()}}, reviews.Items)
	s.get("/v1/reviews")
	require.Contains(t, asked.Load().(projections.Query).Where, projections.Condition{Column: "status", Is: projections.Equal, Value: "open"})
}
