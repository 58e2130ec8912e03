package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
)

// refundRequest is a command to a refund of an order.
type refundRequest struct {
	Request
	ID       string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"order id"`
	RefundID string `path:"refund_id" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
}

// failedWithout is the code of a refund that failed without one.
const failedWithout = "failed"

func (a *API) registerRefunds() {
	command(a, huma.Operation{
		Path: "/v1/orders/{id}/refunds", OperationID: "refund-order", Tags: []string{"payments"}, DefaultStatus: http.StatusAccepted,
		Summary:     "Send money of a confirmed or ended order back (needs an Idempotency-Key)",
		Description: "The money comes from one capture. It is pending until it was paid out, and releases no stock. An order that is not confirmed yet is cancelled instead.",
	}, options{needsKey: true},
		func(ctx context.Context, in *orderRequest, body v1.RefundOrder, call app.Call) (app.Answer, error) {
			return a.Desk.RefundOrder(ctx, call, app.RefundOrder{
				OrderID: in.ID, CaptureID: body.CaptureID, AmountMinor: body.AmountMinor, Code: body.Reason})
		}, refundChanged(http.StatusAccepted))
	command(a, huma.Operation{
		Path: "/v1/orders/{id}/refunds/{refund_id}/complete", OperationID: "complete-refund", Tags: []string{"payments"}, DefaultStatus: http.StatusOK,
		Summary: "Tell that a refund was paid out",
	}, options{mayBeEmpty: true},
		func(ctx context.Context, in *refundRequest, _ nothing, call app.Call) (app.Answer, error) {
			return a.Desk.CompleteRefund(ctx, call, in.ID, in.RefundID)
		}, refundChanged(http.StatusOK))
	command(a, huma.Operation{
		Path: "/v1/orders/{id}/refunds/{refund_id}/fail", OperationID: "fail-refund", Tags: []string{"payments"}, DefaultStatus: http.StatusOK,
		Summary:     "Tell that a refund was not paid out",
		Description: "One that was paid out before stays so, and a review is opened.",
	}, options{mayBeEmpty: true},
		func(ctx context.Context, in *refundRequest, body v1.FailRefund, call app.Call) (app.Answer, error) {
			if body.Code == "" {
				body.Code = failedWithout
			}
			return a.Desk.FailRefund(ctx, call, in.ID, in.RefundID, body.Code)
		}, refundChanged(http.StatusOK))
}

// refundChanged renders a refund as it stands on its account after a command.
func refundChanged(status int) func(any) reply[v1.RefundChanged] {
	return func(result any) reply[v1.RefundChanged] {
		r := result.(app.RefundChanged)
		return reply[v1.RefundChanged]{status, "/v1/orders/" + r.OrderID + "/payment", v1.RefundChanged{
			Refund: refundOf(r.Refund), OrderID: r.OrderID, NeedsReview: r.NeedsReview}}
	}
}
