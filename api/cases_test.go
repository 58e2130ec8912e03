package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/domain/payment"
	"ordermill/projections"
)

func TestUnmatched_match(t *testing.T) {
	s := newShop(t)
	s.finder.orders["c1"] = "lost"
	s.desk.result = app.MoneyMoved{OrderID: "1", CaptureID: "c1", Account: payment.State{Captures: []payment.Capture{
		{CaptureID: "c1", AmountMinor: 5, Currency: "USD"}}}}
	var got v1.CaptureDecided
	answer := s.post("/v1/payments/unmatched/c1/match", `{"order_id":"1"}`)
	answer.ok(200, &got)
	require.Equal(t, v1.CaptureDecided{CaptureID: "c1", OrderID: "1", AmountMinor: 5, Currency: "USD", Outcome: "received"}, got)
	require.Equal(t, "/v1/orders/1/payment", answer.Header.Get("Location"))
	require.Equal(t, []any{"match", "lost", "c1", "1"}, s.desk.command, "the account that the money is on, then the one it goes to")
}

func TestUnmatched_refund(t *testing.T) {
	s := newShop(t)
	s.finder.orders["c1"] = "lost"
	s.desk.result = app.MoneyMoved{OrderID: "lost", CaptureID: "c1", Account: payment.State{
		Captures: []payment.Capture{{CaptureID: "c1", AmountMinor: 5, Currency: "USD", ParkUntil: 9}}, Refunds: []payment.Refund{openRefund}}}
	var got v1.CaptureDecided
	s.do("POST", "/v1/payments/unmatched/c1/refund", "").ok(200, &got)
	require.Equal(t, v1.CaptureDecided{CaptureID: "c1", OrderID: "lost", AmountMinor: 5, Currency: "USD", Outcome: "refunding", RefundID: "f1"}, got)
	require.Equal(t, []any{"refund", "lost", "c1"}, s.desk.command)
}

func TestReviews_resolve(t *testing.T) {
	s := newShop(t)
	s.finder.orders["v1"] = "1"
	s.desk.result = app.ReviewResolved{OrderID: "1", ReviewID: "v1", Decision: "apply", Account: payment.State{Reviews: []payment.Review{{ReviewID: "v2"}}}}
	var got v1.ReviewResolved
	answer := s.post("/v1/reviews/v1/resolve", `{"decision":"apply","note_ref":"T-7"}`, "Idempotency-Key: k")
	answer.ok(200, &got)
	require.Equal(t, v1.ReviewResolved{ReviewID: "v1", OrderID: "1", Decision: "apply", NeedsReview: true}, got)
	require.Equal(t, "/v1/orders/1/payment", answer.Header.Get("Location"))
	require.Equal(t, app.ResolveReview{OrderID: "1", ReviewID: "v1", Decision: "apply", NoteRef: "T-7"}, s.desk.command)
}

// TestReviews_resolve_replay_afterTheReadModelForgot: a resolved review is in no list any more, its kept answer is.
func TestReviews_resolve_replay_afterTheReadModelForgot(t *testing.T) {
	s := newShop(t)
	s.finder.orders["v1"] = "1"
	s.desk.result = app.ReviewResolved{OrderID: "1", ReviewID: "v1", Decision: "dismiss"}
	first := s.post("/v1/reviews/v1/resolve", `{"decision":"dismiss"}`, "Idempotency-Key: k")
	require.Equal(t, 200, first.StatusCode)
	delete(s.finder.orders, "v1")
	again := s.post("/v1/reviews/v1/resolve", `{"decision":"dismiss"}`, "Idempotency-Key: k")
	require.Equal(t, first.text, again.text)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
}

func TestCases_notSeenYet_is404AndSaysThatItMayTakeAMoment(t *testing.T) {
	s := newShop(t)
	for path, c := range map[string]struct{ body, code string }{
		"/v1/payments/unmatched/c/match":  {`{"order_id":"1"}`, v1.UnknownCapture},
		"/v1/payments/unmatched/c/refund": {``, v1.UnknownCapture},
		"/v1/reviews/v/resolve":           {`{"decision":"apply"}`, v1.UnknownReview},
	} {
		answer := s.post(path, c.body)
		require.Equal(t, 404, answer.StatusCode)
		require.Contains(t, answer.problem(c.code).Detail, "may take a moment")
	}
	require.Nil(t, s.desk.command)
	s.finder.err = projections.ErrNotReady
	require.Equal(t, 503, s.post("/v1/reviews/v/resolve", `{"decision":"apply"}`).StatusCode)
}

func TestCases_whatCannotBeDone(t *testing.T) {
	s := newShop(t)
	s.finder.orders["x"] = "1"
	for _, c := range []struct {
		path, body, code string
		status           int
	}{
		{"/v1/payments/unmatched/x/match", `{"order_id":"2"}`, v1.UnknownOrder, 404},
		{"/v1/payments/unmatched/x/match", `{"order_id":"2"}`, v1.CaptureNotUnmatched, 409},
		{"/v1/payments/unmatched/x/refund", ``, v1.CaptureNotUnmatched, 409},
		{"/v1/reviews/x/resolve", `{"decision":"refund"}`, v1.ReviewDecisionConflict, 409},
	} {
		s.desk.err = decider.Refuse(c.code, "no")
		answer := s.post(c.path, c.body)
		require.Equal(t, c.status, answer.StatusCode, c.code)
		answer.problem(c.code)
	}
}

// A review that was raised and that its account does not know any more was resolved.
func TestReview_resolvedBefore_is409AndTellsHow(t *testing.T) {
	s := newShop(t)
	s.finder.orders["x"] = "1"
	s.desk.err = decider.Refuse(v1.UnknownReview, "no")
	answer := s.post("/v1/reviews/x/resolve", `{"decision":"refund"}`)
	require.Equal(t, 409, answer.StatusCode)
	require.NotContains(t, answer.problem(v1.ReviewAlreadyResolved).Extra, "decision", "the read model is behind")
	s.finder.decisions = map[string]string{"x": "dismiss"}
	p := s.post("/v1/reviews/x/resolve", `{"decision":"refund"}`).problem(v1.ReviewAlreadyResolved)
	require.Equal(t, "dismiss", p.Extra["decision"])
	require.Contains(t, p.Detail, "the decision was dismiss")
}
