package v1

// The bodies of what people decide about orders and money, and the answers to them. States are as decided: what follows from
// a decision (stock, refunds, the end of an order) follows behind the answer.

// CancelOrder is the body of POST /v1/orders/{id}/cancel. The answer is the Order.
type CancelOrder struct {
	Reason string `json:"reason" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"a code of yours"`
}

// ShipOrder is the body of POST /v1/orders/{id}/shipments; it may be empty.
type ShipOrder struct {
	Lines    []ShipmentLine `json:"lines,omitempty" minItems:"1" maxItems:"200" doc:"what left; without it, all that is left to ship"`
	Carrier  string         `json:"carrier,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"a code of yours"`
	Tracking string         `json:"tracking,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"the carrier's number for it"`
}

// ShipmentChanged answers a command about a shipment.
type ShipmentChanged struct {
	Shipment
	OrderID           string `json:"order_id"`
	FulfillmentStatus string `json:"fulfillment_status" enum:"partially_shipped,shipped,delivered" doc:"of the order"`
}

// RefundOrder is the body of POST /v1/orders/{id}/refunds.
type RefundOrder struct {
	AmountMinor int64  `json:"amount_minor" minimum:"1" maximum:"9007199254740991"`
	Reason      string `json:"reason" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"a code of yours; the refund shows it as code"`
	CaptureID   string `json:"capture_id,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"which money; without it, the newest with enough left"`
}

// FailRefund is the body of POST /v1/orders/{id}/refunds/{refund_id}/fail; it may be empty.
type FailRefund struct {
	Code string `json:"code,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" default:"failed" doc:"why"`
}

// RefundChanged answers a command about a refund.
type RefundChanged struct {
	Refund
	OrderID     string `json:"order_id"`
	NeedsReview bool   `json:"needs_review" doc:"the order's account has an open review"`
}

// MatchCapture is the body of POST /v1/payments/unmatched/{capture_id}/match.
type MatchCapture struct {
	OrderID string `json:"order_id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"the order that the money is for"`
}

// CaptureDecided answers a decision about money that came without an order.
type CaptureDecided struct {
	CaptureID   string `json:"capture_id"`
	OrderID     string `json:"order_id" doc:"whose account it is on now"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Outcome     string `json:"outcome" enum:"received,applied,refunding,refunded" doc:"received: the order's checkout counts it next"`
	RefundID    string `json:"refund_id,omitempty" doc:"by which it goes back"`
}

// ResolveReview is the body of POST /v1/reviews/{review_id}/resolve.
type ResolveReview struct {
	Decision string `json:"decision" enum:"apply,refund,dismiss" doc:"what each does depends on the review's reason; see docs"`
	NoteRef  string `json:"note_ref,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"where you keep why: an id of yours, no text"`
}

// ReviewResolved answers it.
type ReviewResolved struct {
	ReviewID    string `json:"review_id"`
	OrderID     string `json:"order_id"`
	Decision    string `json:"decision" enum:"apply,refund,dismiss"`
	NeedsReview bool   `json:"needs_review" doc:"the order's account has another open review"`
}
