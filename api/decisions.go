package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/domain/payment"
	"ordermill/projections"
)

// captureRequest and reviewRequest are commands to what a person finds in a list, without the order that it is on.
type (
	captureRequest struct {
		Request
		CaptureID string `path:"capture_id" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
	}
	reviewRequest struct {
		Request
		ReviewID string `path:"review_id" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
	}
)

// registerDecisions registers what a person decides about a case.
func (a *API) registerDecisions() {
	command(a, huma.Operation{
		Path: "/v1/payments/unmatched/{capture_id}/match", OperationID: "match-capture", Tags: []string{"payments"}, DefaultStatus: http.StatusOK,
		Summary:     "Give money that came without an order to an order",
		Description: "The order's checkout counts it as money that has arrived just now: for an order that is settled or over, it is refunded.",
	}, options{},
		func(ctx context.Context, in *captureRequest, body v1.MatchCapture, call app.Call) (app.Answer, error) {
			return a.onCase(ctx, call, a.Finder.OrderOfCapture, in.CaptureID, v1.UnknownCapture, func(orderID string) (app.Answer, error) {
				return a.Desk.MatchUnmatched(ctx, call, orderID, in.CaptureID, body.OrderID)
			})
		}, captureDecided)
	command(a, huma.Operation{
		Path: "/v1/payments/unmatched/{capture_id}/refund", OperationID: "refund-capture", Tags: []string{"payments"}, DefaultStatus: http.StatusOK,
		Summary: "Send money back that came without an order, without waiting for one any longer",
	}, options{mayBeEmpty: true},
		func(ctx context.Context, in *captureRequest, _ nothing, call app.Call) (app.Answer, error) {
			return a.onCase(ctx, call, a.Finder.OrderOfCapture, in.CaptureID, v1.UnknownCapture, func(orderID string) (app.Answer, error) {
				return a.Desk.RefundUnmatched(ctx, call, orderID, in.CaptureID)
			})
		}, captureDecided)
	command(a, huma.Operation{
		Path: "/v1/reviews/{review_id}/resolve", OperationID: "resolve-review", Tags: []string{"payments"}, DefaultStatus: http.StatusOK,
		Summary: "Decide an open review",
		Description: "conflicting_duplicate: apply (the money arrived too), refund (it arrived, and goes back) or dismiss (it did not arrive). " +
			"refund_failed, refund_unconfirmed, refund_reversed: refund (try it again), apply (it was paid out) or dismiss (the money is kept). " +
			"unrequested_refund: apply (book it against the newest money) or dismiss.",
	}, options{},
		func(ctx context.Context, in *reviewRequest, body v1.ResolveReview, call app.Call) (app.Answer, error) {
			return a.onCase(ctx, call, a.Finder.OrderOfReview, in.ReviewID, v1.UnknownReview, func(orderID string) (app.Answer, error) {
				answer, err := a.Desk.ResolveReview(ctx, call, app.ResolveReview{
					OrderID: orderID, ReviewID: in.ReviewID, Decision: body.Decision, NoteRef: body.NoteRef})
				return answer, a.resolvedAlready(ctx, in.ReviewID, err)
			})
		},
		func(result any) reply[v1.ReviewResolved] {
			r := result.(app.ReviewResolved)
			return reply[v1.ReviewResolved]{http.StatusOK, "/v1/orders/" + r.OrderID + "/payment", v1.ReviewResolved{
				ReviewID: r.ReviewID, OrderID: r.OrderID, Decision: r.Decision, NeedsReview: r.Account.NeedsReview()}}
		})
}

// resolvedAlready says it if an account does not know a review that the read model has seen: it is not open any more. An
// account keeps open reviews only, so the read model tells how it was resolved, once it has followed.
func (a *API) resolvedAlready(ctx context.Context, reviewID string, err error) error {
	var refusal *decider.Refusal
	if !errors.As(err, &refusal) || refusal.Code != v1.UnknownReview {
		return err
	}
	decision, err := a.Finder.DecisionOnReview(ctx, reviewID)
	if err != nil || decision == "" {
		return fail(v1.ReviewAlreadyResolved, "somebody has just decided about it")
	}
	p := fail(v1.ReviewAlreadyResolved, "the decision was "+decision)
	p.Extra = map[string]any{"decision": decision}
	return p
}

// onCase sends a command to the order that a case is on. The read model only says where; the account decides. A request that
// was answered before is answered again even if the case has left the read model since.
func (a *API) onCase(ctx context.Context, call app.Call, find func(context.Context, string) (string, error), id, unknown string,
	act func(orderID string) (app.Answer, error)) (app.Answer, error) {
	orderID, err := find(ctx, id)
	switch {
	case errors.Is(err, projections.ErrNotFound):
		if kept, found, err := a.Desk.Recall(ctx, call); found || err != nil {
			return kept, err
		}
		return app.Answer{}, fail(unknown, "nothing with this id has been seen; what has just come up may take a moment to appear")
	case err != nil:
		return app.Answer{}, a.queryFailed(ctx, err)
	}
	return act(orderID)
}

func captureDecided(result any) reply[v1.CaptureDecided] {
	r := result.(app.MoneyMoved)
	capture, _ := r.Account.Capture(r.CaptureID)
	body := v1.CaptureDecided{CaptureID: r.CaptureID, OrderID: r.OrderID, AmountMinor: capture.AmountMinor, Currency: capture.Currency,
		Outcome: r.Account.Outcome(capture), RefundID: refundOfCapture(r.Account, r.CaptureID)}
	return reply[v1.CaptureDecided]{http.StatusOK, "/v1/orders/" + r.OrderID + "/payment", body}
}

// refundOfCapture is the refund by which a capture goes back; "": none.
func refundOfCapture(account payment.State, captureID string) string {
	for _, r := range account.Refunds {
		if r.CaptureID == captureID {
			return r.RefundID
		}
	}
	return ""
}
