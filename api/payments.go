package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/projections"
	"ordermill/projections/payments"
)

type accountsQuery struct {
	PastPaging
	Status  string `query:"status" enum:"unmatched,voided,paid,failed,requested,none,overpaid,partially_paid,refund_pending,refunded,partially_refunded" doc:"payment_status"`
	OrderID string `query:"order_id" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
}

func (q *accountsQuery) filters() (by filters) {
	by.add("status", q.Status, payments.Status, projections.Equal)
	by.add("order_id", q.OrderID, projections.Key, projections.Equal)
	return by
}

func (a *API) registerPayments() {
	command(a, huma.Operation{
		Path: "/v1/orders/{id}/payments", OperationID: "record-payment", Tags: []string{"payments"}, DefaultStatus: http.StatusCreated,
		Summary:     "Record money that arrived",
		Description: "Money is never refused for what it is: for an order that nobody knows it is kept as unmatched, and applied money may still be refunded.",
	}, options{},
		func(ctx context.Context, in *orderRequest, body v1.RecordPayment, call app.Call) (app.Answer, error) {
			return a.Desk.RecordPayment(ctx, call, app.RecordPayment{
				OrderID: in.ID, PaymentID: body.PaymentID, AmountMinor: body.AmountMinor, Currency: body.Currency})
		},
		func(result any) reply[v1.PaymentRecorded] {
			r := result.(app.PaymentRecorded)
			return reply[v1.PaymentRecorded]{http.StatusCreated, "/v1/orders/" + r.OrderID + "/payment", v1.PaymentRecorded{
				CaptureID: r.CaptureID, OrderID: r.OrderID, Outcome: r.Outcome, AmountMinor: r.AmountMinor, Currency: r.Currency}}
		})

	list[payments.Row, v1.Account, accountsQuery](a, get("/v1/payments", "payments", "list-payments", "List payment accounts, one for each order that had money or was to have"), a.accounts())
	handle(a, get("/v1/orders/{id}/payment", "payments", "get-payment", "See an order's payment account, also of an order that nobody knows"),
		func(ctx context.Context, in *orderQuery) (*One[v1.Account], error) {
			return rowOf(ctx, a, in.Moment, a.accounts(), in.ID)
		})

	request := a.schemas.Map()["Account"].Properties
	request["request"] = &huma.Schema{AnyOf: []*huma.Schema{request["request"], {Type: "null"}}} // huma knows no object or null
}
