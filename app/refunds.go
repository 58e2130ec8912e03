package app

import (
	"context"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
)

// RefundOrder asks for money of an order to be sent back, by a person's decision.
type RefundOrder struct {
	OrderID     string
	CaptureID   string // "": the newest capture in the order's currency with enough left
	AmountMinor int64
	Code        string // the person's reason
}

// RefundChanged is a refund after a command, on the account of an order.
type RefundChanged struct {
	OrderID     string
	Refund      payment.Refund
	NeedsReview bool // the account has an open review
}

// RefundOrder requests a refund of a confirmed order, or of one that has ended. An order that goes on is cancelled instead.
func (d *Desk) RefundOrder(ctx context.Context, call Call, c RefundOrder) (Answer, error) {
	id := uuid.Must(uuid.NewV7())
	return d.do(ctx, call, Command{
		ID:    id,
		Meta:  eventstore.Metadata{CorrelationID: c.OrderID},
		Reads: []Ref{orders.ref(c.OrderID), accounts.ref(c.OrderID)},
		Decide: func(decision *Decision) (any, error) {
			o := orders.state(decision, c.OrderID)
			if err := o.Refundable(); err != nil {
				return nil, err
			}
			var wrong decider.Fields
			wrong.ID("/reason", c.Code)
			if err := wrong.Refusal(); err != nil {
				return nil, err
			}
			_, err := accounts.decide(decision, c.OrderID, payment.RequestRefund{
				RefundID: id.String(), CaptureID: c.CaptureID, AmountMinor: c.AmountMinor, Currency: o.Currency,
				Reason: payment.ReasonOperator, Code: c.Code, ConfirmBy: d.confirmBy(decision, c.OrderID),
			})
			return refundAfter(decision, c.OrderID, id.String()), err
		},
	})
}

// confirmBy is when a refund that is asked for now should be answered.
func (d *Desk) confirmBy(decision *Decision, orderID string) int64 {
	return millis(decision.Now.Add(d.timingOf(orderID).ConfirmWithin))
}

func refundAfter(d *Decision, orderID, refundID string) RefundChanged {
	account := accounts.state(d, orderID)
	refund, _ := account.Refund(refundID)
	return RefundChanged{orderID, refund, account.NeedsReview()}
}

// CompleteRefund takes a person's word that a refund was paid out.
func (d *Desk) CompleteRefund(ctx context.Context, call Call, orderID, refundID string) (Answer, error) {
	return d.answerRefund(ctx, call, orderID, refundID, func(decision *Decision) payment.Command {
		return payment.RecordRefunded{Answered: payment.Answered{RefundID: refundID, ReviewID: decision.NewID("review")}}
	})
}

// FailRefund takes a person's word that a refund was not paid out, and why (a code).
func (d *Desk) FailRefund(ctx context.Context, call Call, orderID, refundID, code string) (Answer, error) {
	return d.answerRefund(ctx, call, orderID, refundID, func(decision *Decision) payment.Command {
		return payment.RecordRefundFailed{Code: code, Retry: d.retries(orderID), Now: millis(decision.Now),
			Answered: payment.Answered{RefundID: refundID, ReviewID: decision.NewID("review")}}
	})
}

func (d *Desk) answerRefund(ctx context.Context, call Call, orderID, refundID string, command func(*Decision) payment.Command) (Answer, error) {
	return d.do(ctx, call, Command{
		Meta:  eventstore.Metadata{CorrelationID: orderID},
		Reads: []Ref{accounts.ref(orderID)},
		Decide: func(decision *Decision) (any, error) {
			_, err := accounts.decide(decision, orderID, command(decision))
			return refundAfter(decision, orderID, refundID), err
		},
	})
}

// MoneyMoved is a capture after somebody decided where it belongs.
type MoneyMoved struct {
	OrderID   string // whose account it is on now
	CaptureID string
	Account   payment.State
}

// MatchUnmatched gives money that waits on an unknown order's account to an order that there is.
func (d *Desk) MatchUnmatched(ctx context.Context, call Call, orderID, captureID, toOrderID string) (Answer, error) {
	return d.do(ctx, call, Command{
		Meta:  eventstore.Metadata{CorrelationID: toOrderID},
		Reads: []Ref{orders.ref(orderID), accounts.ref(orderID), orders.ref(toOrderID), accounts.ref(toOrderID)},
		Decide: func(decision *Decision) (any, error) {
			if err := unmatched(decision, orderID); err != nil {
				return nil, err
			}
			if !orders.state(decision, toOrderID).Exists() {
				return nil, order.Unknown()
			}
			if _, err := accounts.decide(decision, orderID, payment.Reassign{CaptureID: captureID, ToOrderID: toOrderID}); err != nil {
				return nil, err
			}
			capture, _ := accounts.state(decision, orderID).Capture(captureID)
			_, err := accounts.decide(decision, toOrderID, payment.Arrive{Capture: capture, FromOrderID: orderID})
			return MoneyMoved{toOrderID, captureID, accounts.state(decision, toOrderID)}, err
		},
	})
}

// unmatched refuses once there is an order: its money is the checkout's.
func unmatched(d *Decision, orderID string) error {
	if orders.state(d, orderID).Exists() {
		return decider.Refuse("capture-not-unmatched", "the money's own order was placed meanwhile")
	}
	return nil
}

// RefundUnmatched sends money back that waits for an order, without waiting any longer.
func (d *Desk) RefundUnmatched(ctx context.Context, call Call, orderID, captureID string) (Answer, error) {
	return d.do(ctx, call, Command{
		Meta:  eventstore.Metadata{CorrelationID: orderID},
		Reads: []Ref{accounts.ref(orderID), orders.ref(orderID)},
		Decide: func(decision *Decision) (any, error) {
			if err := unmatched(decision, orderID); err != nil {
				return nil, err
			}
			refundID := decision.NewID("refund")
			_, err := accounts.decide(decision, orderID, payment.RefundUnmatched{
				RefundID: refundID, CaptureID: captureID, Reason: checkout.ReasonUnknownOrder, ConfirmBy: d.confirmBy(decision, orderID)})
			return MoneyMoved{orderID, captureID, accounts.state(decision, orderID)}, err
		},
	})
}

// ResolveReview is a person's answer to a review.
type ResolveReview struct {
	OrderID, ReviewID string
	Decision          string // apply, refund or dismiss
	NoteRef           string // where it is written down why, or ""
}

// ReviewResolved is an account after a review on it was resolved.
type ReviewResolved struct {
	OrderID, ReviewID, Decision string
	Account                     payment.State
}

// ResolveReview resolves a review; what follows from it is in the same append.
func (d *Desk) ResolveReview(ctx context.Context, call Call, c ResolveReview) (Answer, error) {
	return d.do(ctx, call, Command{
		Meta:  eventstore.Metadata{CorrelationID: c.OrderID},
		Reads: []Ref{accounts.ref(c.OrderID)},
		Decide: func(decision *Decision) (any, error) {
			_, err := accounts.decide(decision, c.OrderID, payment.ResolveReview{ReviewID: c.ReviewID, Decision: c.Decision, NoteRef: c.NoteRef,
				RefundID: decision.NewID("refund"), ConfirmBy: d.confirmBy(decision, c.OrderID), Now: millis(decision.Now)})
			return ReviewResolved{c.OrderID, c.ReviewID, c.Decision, accounts.state(decision, c.OrderID)}, err
		},
	})
}
