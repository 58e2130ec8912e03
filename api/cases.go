package api

import (
	"context"

	"ordermill/api/v1"
	"ordermill/projections"
	"ordermill/projections/cases"
)

type refundsQuery struct {
	RowsPaging
	Status string `query:"status" enum:"requested,refunded,failed,kept" doc:"all if it is missing"`
}

type reviewsQuery struct {
	RowsPaging
	Status string `query:"status" enum:"open,resolved" default:"open"`
}

// registerCases registers what an operator may have to act on.
func (a *API) registerCases() {
	handle(a, get("/v1/payments/unmatched", "payments", "list-unmatched", "List the money that waits for an order, newest first"),
		func(ctx context.Context, in *RowsPaging) (*Page[v1.UnmatchedMoney], error) {
			var by filters
			by.always(cases.Kind, cases.Unmatched)
			by.always(cases.Status, cases.Unmatched)
			return rowsPage(ctx, a, "/v1/payments/unmatched", in, a.Cases, by, unmatchedRow)
		})
	handle(a, get("/v1/refunds", "payments", "list-refunds", "List refunds, newest first"),
		func(ctx context.Context, in *refundsQuery) (*Page[v1.RefundCase], error) {
			var by filters
			by.always(cases.Kind, cases.Refund)
			by.add("status", in.Status, cases.Status, projections.Equal)
			return rowsPage(ctx, a, "/v1/refunds", &in.RowsPaging, a.Cases, by, refundRow)
		})
	handle(a, get("/v1/reviews", "payments", "list-reviews", "List what somebody has to look at, or has, newest first"),
		func(ctx context.Context, in *reviewsQuery) (*Page[v1.ReviewCase], error) {
			var by filters
			by.always(cases.Kind, cases.Review)
			by.add("status", in.Status, cases.Status, projections.Equal)
			return rowsPage(ctx, a, "/v1/reviews", &in.RowsPaging, a.Cases, by, reviewRow)
		})
}

func unmatchedRow(r cases.Row) v1.UnmatchedMoney {
	c := r.Capture()
	return v1.UnmatchedMoney{CaptureID: c.CaptureID, OrderID: r.OrderID, AmountMinor: c.AmountMinor, Currency: c.Currency,
		ParkUntil: millis(c.ParkUntil), ReceivedAt: millis(r.ReceivedAt)}
}

func refundRow(r cases.Row) v1.RefundCase {
	f := r.Refund()
	return v1.RefundCase{
		Refund: v1.Refund{RefundID: f.RefundID, CaptureID: f.CaptureID, AmountMinor: f.AmountMinor, Currency: f.Currency, Reason: f.Reason,
			Code: f.Code, Status: f.Status, Attempts: f.Attempts},
		OrderID: r.OrderID, FailedCode: f.FailedCode, RetryAt: millis(f.RetryAt), RequestedAt: millis(r.OpenedAt), UpdatedAt: millis(r.UpdatedAt),
	}
}

func reviewRow(r cases.Row) v1.ReviewCase {
	out := v1.ReviewCase{Review: v1.Review(r.Review), OrderID: r.OrderID, Status: r.Status, Decision: r.Decision, RaisedAt: millis(r.OpenedAt)}
	if r.Decision != "" {
		out.ResolvedAt = millis(r.UpdatedAt)
	}
	return out
}
