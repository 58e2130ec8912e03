package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/domain/payment"
	"ordermill/projections/payments"
)

var openRefund = payment.Refund{RefundID: "f1", CaptureID: "c1", AmountMinor: 5, Currency: "USD", Reason: "operator", Code: "gift",
	Status: payment.RefundOpen, Attempts: 1}

func TestRefunds_request(t *testing.T) {
	s := newShop(t)
	s.desk.result, s.desk.position = app.RefundChanged{OrderID: "1", Refund: openRefund}, 21
	const body = `{"amount_minor":5,"reason":"gift","capture_id":"c1"}`
	var got v1.RefundChanged
	answer := s.post("/v1/orders/1/refunds", body, "Idempotency-Key: k")
	answer.ok(202, &got)
	require.Equal(t, v1.RefundChanged{OrderID: "1", Refund: v1.Refund{RefundID: "f1", CaptureID: "c1", AmountMinor: 5, Currency: "USD",
		Reason: "operator", Code: "gift", Status: "requested", Attempts: 1}}, got)
	require.Equal(t, "/v1/orders/1/payment", answer.Header.Get("Location"))
	require.Equal(t, "21", answer.Header.Get("X-Position"))
	require.Equal(t, app.RefundOrder{OrderID: "1", CaptureID: "c1", AmountMinor: 5, Code: "gift"}, s.desk.command)

	again := s.post("/v1/orders/1/refunds", body, "Idempotency-Key: k")
	require.Equal(t, answer.text, again.text)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
}

func TestRefunds_completeAndFail(t *testing.T) {
	for _, c := range []struct {
		path, body string
		command    []any
	}{
		{"complete", ``, []any{"complete", "1", "f1"}},
		{"fail", ``, []any{"fail", "1", "f1", "failed"}},
		{"fail", `{}`, []any{"fail", "1", "f1", "failed"}},
		{"fail", `{"code":"account_closed"}`, []any{"fail", "1", "f1", "account_closed"}},
	} {
		s := newShop(t)
		s.desk.result = app.RefundChanged{OrderID: "1", Refund: openRefund, NeedsReview: true}
		var got v1.RefundChanged
		s.post("/v1/orders/1/refunds/f1/"+c.path, c.body).ok(200, &got)
		require.True(t, got.NeedsReview)
		require.Equal(t, c.command, s.desk.command)
	}
}

func TestRefunds_whatCannotBeDone(t *testing.T) {
	s := newShop(t)
	const request = `{"amount_minor":5,"reason":"gift"}`
	for _, c := range []struct {
		path, body, code string
		status           int
	}{
		{"", request, v1.UnknownOrder, 404}, {"", request, v1.OrderNotRefundable, 409}, {"", request, v1.RefundExceedsCaptured, 422},
		{"", request, v1.UnknownCapture, 404}, {"/f/complete", ``, v1.UnknownRefund, 404}, {"/f/fail", ``, v1.UnknownRefund, 404},
	} {
		s.desk.err = decider.Refuse(c.code, "no")
		answer := s.post("/v1/orders/1/refunds"+c.path, c.body, "Idempotency-Key: k")
		require.Equal(t, c.status, answer.StatusCode, c.code)
		answer.problem(c.code)
	}
}

func TestPayment_keptAndReassignedMoney(t *testing.T) {
	s := newShop(t)
	kept := openRefund
	kept.Status = payment.RefundKept
	s.payments["1"] = payments.Row{OrderID: "1", Account: payment.State{Refunds: []payment.Refund{kept}, Captures: []payment.Capture{
		{CaptureID: "c1", AmountMinor: 5, Currency: "USD", ToOrderID: "2"}}}}
	var got v1.Account
	answer := s.get("/v1/orders/1/payment")
	answer.ok(200, &got)
	require.Equal(t, "kept", got.Refunds[0].Status)
	require.Equal(t, "reassigned", got.Captures[0].Outcome)
	require.Equal(t, "2", got.Captures[0].ToOrderID)
	require.Zero(t, got.CapturedMinor)
	require.Contains(t, answer.text, `"reviews":[]`)
}
