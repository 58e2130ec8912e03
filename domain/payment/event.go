package payment

import "ordermill/domain/decider"

// Names of the events in the log.
const (
	CapturedType        = "payment.captured"
	MatchedType         = "payment.matched"
	UnmatchedType       = "payment.unmatched"
	RequestedType       = "payment.requested"
	FailedType          = "payment.failed"
	RequestClosedType   = "payment.request_closed"
	RefundRequestedType = "payment.refund_requested"
	RefundedType        = "payment.refunded"
	RefundFailedType    = "payment.refund_failed"
	ReviewRaisedType    = "payment.review_raised"
	ReviewResolvedType  = "payment.review_resolved"
	ReassignedType      = "payment.reassigned"
)

// Event is a fact about an account. Amounts are in minor units, times are ms since 1970.
//
//sumtype:decl
type Event interface {
	decider.Event
	payment()
}

type (
	// Captured: money arrived. That is all it says.
	Captured struct {
		CaptureID   string `json:"capture_id"`
		AmountMinor int64  `json:"amount_minor"`
		Currency    string `json:"currency"`
		Source      string `json:"source"`
		OccurredAt  int64  `json:"occurred_at"`
		FromOrderID string `json:"from_order_id,omitempty"` // whose account it was on, if it was reassigned by hand
	}
	// Reassigned: money without an order belongs to another order; it is captured there in the same append.
	Reassigned struct {
		CaptureID string `json:"capture_id"`
		ToOrderID string `json:"to_order_id"`
	}
	// Matched: a capture was counted for the order.
	Matched struct {
		CaptureID    string `json:"capture_id"`
		AppliedMinor int64  `json:"applied_minor"`
		ExcessMinor  int64  `json:"excess_minor"` // what is more than was due
	}
	// Unmatched: a capture came for an order that nobody placed, and waits for it.
	Unmatched struct {
		CaptureID string `json:"capture_id"`
		ParkUntil int64  `json:"park_until"` // then it goes back
	}
	// Requested: the customer is asked for money.
	Requested struct {
		RequestID   string `json:"request_id"`
		Attempt     int64  `json:"attempt"`
		AmountMinor int64  `json:"amount_minor"`
		Currency    string `json:"currency"`
		ExpiresAt   int64  `json:"expires_at"`
	}
	// Failed: the customer could not pay a request.
	Failed struct {
		RequestID string `json:"request_id"`
		Code      string `json:"code"`
		Retryable bool   `json:"retryable"`
	}
	// RequestClosed: the money is not asked for any more.
	RequestClosed struct {
		RequestID string `json:"request_id"`
		Reason    string `json:"reason"`
	}
	// RefundRequested: money of a capture is to go back.
	RefundRequested struct {
		RefundID    string `json:"refund_id"`
		CaptureID   string `json:"capture_id"`
		AmountMinor int64  `json:"amount_minor"`
		Currency    string `json:"currency"`
		Reason      string `json:"reason"`
		Code        string `json:"code,omitempty"` // an operator's reason
		ConfirmBy   int64  `json:"confirm_by"`     // without an answer until then, somebody has to look
	}
	// Refunded: the refund was paid out.
	Refunded struct {
		RefundID string `json:"refund_id"`
	}
	// RefundFailed: the refund was not paid out; it stays open.
	RefundFailed struct {
		RefundID  string `json:"refund_id"`
		Code      string `json:"code"`
		RetryAt   int64  `json:"retry_at,omitempty"`   // without it, it is not tried again by itself
		ConfirmBy int64  `json:"confirm_by,omitempty"` // the same for the try at `retry_at`
	}
	// ReviewRaised: somebody has to look at this.
	ReviewRaised struct {
		ReviewID    string `json:"review_id"`
		Reason      string `json:"reason"`
		CaptureID   string `json:"capture_id,omitempty"`
		RefundID    string `json:"refund_id,omitempty"`
		AmountMinor int64  `json:"amount_minor,omitempty"` // what the review is about; it is in no sum
		Currency    string `json:"currency,omitempty"`
		Code        string `json:"code,omitempty"` // of the failure that the review is about
	}
	// ReviewResolved: somebody looked. What follows from it is in the same append.
	ReviewResolved struct {
		ReviewID  string `json:"review_id"`
		Decision  string `json:"decision"`
		RefundID  string `json:"refund_id,omitempty"`  // of the refund that was decided about, once per decision
		ConfirmBy int64  `json:"confirm_by,omitempty"` // of the refund's new tries, if that was the decision
		NoteRef   string `json:"note_ref,omitempty"`   // where somebody wrote down why
	}
)

// EventType is the event's name in the log.
func (Captured) EventType() string { return CapturedType }

// EventType is the event's name in the log.
func (Matched) EventType() string { return MatchedType }

// EventType is the event's name in the log.
func (Unmatched) EventType() string { return UnmatchedType }

// EventType is the event's name in the log.
func (Requested) EventType() string { return RequestedType }

// EventType is the event's name in the log.
func (Failed) EventType() string { return FailedType }

// EventType is the event's name in the log.
func (RequestClosed) EventType() string { return RequestClosedType }

// EventType is the event's name in the log.
func (RefundRequested) EventType() string { return RefundRequestedType }

// EventType is the event's name in the log.
func (Refunded) EventType() string { return RefundedType }

// EventType is the event's name in the log.
func (RefundFailed) EventType() string { return RefundFailedType }

// EventType is the event's name in the log.
func (ReviewRaised) EventType() string { return ReviewRaisedType }

// EventType is the event's name in the log.
func (ReviewResolved) EventType() string { return ReviewResolvedType }

// EventType is the event's name in the log.
func (Reassigned) EventType() string { return ReassignedType }

func (Captured) payment()        {}
func (Matched) payment()         {}
func (Unmatched) payment()       {}
func (Requested) payment()       {}
func (Failed) payment()          {}
func (RequestClosed) payment()   {}
func (RefundRequested) payment() {}
func (Refunded) payment()        {}
func (RefundFailed) payment()    {}
func (ReviewRaised) payment()    {}
func (ReviewResolved) payment()  {}
func (Reassigned) payment()      {}
