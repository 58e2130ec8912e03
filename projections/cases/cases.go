// Package cases is what an operator may have to act on: money that waits for its order, refunds, reviews. One row per case,
// so that each can be found by its own id and listed by its status, whatever account it is on.
//
// It follows the payment streams alone. What may be done about a case is decided in package domain/payment.
package cases

import (
	"context"
	_ "embed"

	"ordermill/domain/payment"
	"ordermill/projections"
)

//go:embed schema.sql
var schema string

// Values of Row.Kind.
const (
	Unmatched = "unmatched" // money that nobody placed an order for; its status is the capture's outcome
	Refund    = "refund"    // money that goes back; its status is the refund's
	Review    = "review"    // a question for a person: Open or Resolved
)

// Statuses of reviews.
const (
	Open     = "open"
	Resolved = "resolved"
)

// Row is one case.
type Row struct {
	Kind       string         `json:"kind"`
	OrderID    string         `json:"order_id"` // whose account it is on; of money that was moved by hand, the one where it waited
	Status     string         `json:"status"`
	Account    payment.State  `json:"account"` // of the account only what the case is about
	Review     payment.Review `json:"review,omitzero"`
	Decision   string         `json:"decision,omitempty"` // on the review; "" while it is open
	ReceivedAt int64          `json:"received_at"`        // of the capture, ms since 1970
	OpenedAt   int64          `json:"opened_at"`          // ms since 1970; 0: it is no case yet
	UpdatedAt  int64          `json:"updated_at"`
	Position   int64          `json:"position"` // of its last event
}

// Capture is the money of an unmatched case.
func (r Row) Capture() payment.Capture { return first(r.Account.Captures) }

// Refund is the refund of a refund case.
func (r Row) Refund() payment.Refund { return first(r.Account.Refunds) }

func first[T any](list []T) (t T) {
	if len(list) > 0 {
		t = list[0]
	}
	return t
}

// Names of the columns, for conditions.
const (
	Kind    = "kind"
	Status  = "status"
	OrderID = "order_id"
)

// Projection keys cases by kind and id, and lists the newest first.
var Projection = projections.Projection[Row]{
	Name:    "cases",
	Version: 2,
	Schema:  schema,
	Keys:    keys,
	Fold:    fold,
	Shown:   func(row Row) bool { return row.OpenedAt != 0 },
	Columns: []projections.Column[Row]{
		{Name: Kind, Value: func(row Row) any { return row.Kind }},
		{Name: Status, Value: func(row Row) any { return row.Status }},
		{Name: OrderID, Value: func(row Row) any { return row.OrderID }},
		{Name: "opened_at", Value: func(row Row) any { return row.OpenedAt }},
	},
	Order: projections.Order{Column: "opened_at", Descending: true},
}

// Finder finds the account of a case by the case's own id. Its errors are those of Model.Get.
type Finder struct{ Model *projections.Model[Row] }

// OrderOfCapture is the order whose account holds money that waits, or waited, for an order.
func (f Finder) OrderOfCapture(ctx context.Context, captureID string) (orderID string, err error) {
	found, err := f.Model.Get(ctx, key(Unmatched, captureID))
	return found.Row.OrderID, err
}

// DecisionOnReview is how a review was resolved; "" while it is open.
func (f Finder) DecisionOnReview(ctx context.Context, reviewID string) (decision string, err error) {
	found, err := f.Model.Get(ctx, key(Review, reviewID))
	return found.Row.Decision, err
}

// OrderOfReview is the order whose account a review is about.
func (f Finder) OrderOfReview(ctx context.Context, reviewID string) (orderID string, err error) {
	found, err := f.Model.Get(ctx, key(Review, reviewID))
	return found.Row.OrderID, err
}
