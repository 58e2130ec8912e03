package v1

import "time"

// UnmatchedMoney is money that came for an order that nobody placed, and waits for it.
type UnmatchedMoney struct {
	CaptureID   string     `json:"capture_id"`
	OrderID     string     `json:"order_id" doc:"that it came for"`
	AmountMinor int64      `json:"amount_minor"`
	Currency    string     `json:"currency"`
	ParkUntil   *time.Time `json:"park_until" doc:"then it goes back"`
	ReceivedAt  *time.Time `json:"received_at"`
}

// RefundCase is a refund with the order whose money it is.
type RefundCase struct {
	Refund
	OrderID     string     `json:"order_id"`
	FailedCode  string     `json:"failed_code,omitempty" doc:"why the last try failed"`
	RetryAt     *time.Time `json:"retry_at" doc:"when it is tried again by itself; null: it is not"`
	RequestedAt *time.Time `json:"requested_at"`
	UpdatedAt   *time.Time `json:"updated_at"`
}

// ReviewCase is a review with the order whose money it is about, and what was decided.
type ReviewCase struct {
	Review
	OrderID    string     `json:"order_id"`
	Status     string     `json:"status" enum:"open,resolved"`
	Decision   string     `json:"decision" doc:"apply, refund or dismiss; empty while it is open"`
	RaisedAt   *time.Time `json:"raised_at"`
	ResolvedAt *time.Time `json:"resolved_at"`
}
