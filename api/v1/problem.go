package v1

import (
	"encoding/json"
	"maps"
)

// Codes of problems: the slug in a problem's type, and its member code. Each is explained at /problems/{code}.
const (
	InvalidJSON            = "invalid-json"
	InvalidParameter       = "invalid-parameter"
	InvalidHeader          = "invalid-header"
	UnreadableBody         = "unreadable-body"
	IdempotencyKeyMissing  = "idempotency-key-missing"
	IdempotencyKeyReused   = "idempotency-key-reused"
	IdempotencyKeyInFlight = "idempotency-key-in-flight"
	NotFound               = "not-found"
	MethodNotAllowed       = "method-not-allowed"
	RequestTimeout         = "request-timeout"
	BodyTooLarge           = "body-too-large"
	UnsupportedMediaType   = "unsupported-media-type"
	ValidationFailed       = "validation-failed"
	UnsupportedEventType   = "unsupported-event-type"
	AmountPrecision        = "amount-precision"
	UnknownProduct         = "unknown-product"
	UnknownSKU             = "unknown-sku"
	PriceChanged           = "price-changed"
	MixedCurrency          = "mixed-currency"
	CurrencyMismatch       = "currency-mismatch"
	TotalTooLarge          = "total-too-large"
	SKUTaken               = "sku-taken"
	NameTaken              = "name-taken"
	OrderIDConflict        = "order-id-conflict"
	StockReceiptConflict   = "stock-receipt-conflict"
	OutOfStock             = "out-of-stock"
	StockTooLarge          = "stock-too-large"
	PaymentIDConflict      = "payment-id-conflict"
	UnknownCapture         = "unknown-capture"
	RefundExceedsCaptured  = "refund-exceeds-captured"
	ProductDiscontinued    = "product-discontinued"
	WouldBreakReservations = "would-break-reservations"
	NotHeld                = "not-held"
	UnknownOrder           = "unknown-order"
	OrderNotCancellable    = "order-not-cancellable"
	OrderNotConfirmed      = "order-not-confirmed"
	OverShipment           = "over-shipment"
	UnknownShipment        = "unknown-shipment"
	OrderNotRefundable     = "order-not-refundable"
	UnknownRefund          = "unknown-refund"
	CaptureNotUnmatched    = "capture-not-unmatched"
	UnknownReview          = "unknown-review"
	ReviewAlreadyResolved  = "review-already-resolved"
	ReviewDecisionConflict = "review-decision-conflict"
	ConcurrentChange       = "concurrent-change"
	RebuildRunning         = "rebuild-running"
	RebuildNotRunning      = "rebuild-not-running"
	FirstBuild             = "first-build"
	NothingKept            = "nothing-kept"
	Refused                = "refused"
	StoreUnavailable       = "store-unavailable"
	OutcomeUnknown         = "outcome-unknown"
	ProjectionParked       = "projection-parked"
	ProjectionBehind       = "projection-behind"
	NotReady               = "not-ready"
	NotReached             = "not-reached"
	UnreadableEvent        = "unreadable-event"
	UnknownCategory        = "unknown-category"
	FreezeRunning          = "freeze-running"
	NotServedHere          = "not-served-here"
	InternalError          = "internal-error"
)

// ProblemMediaType is the media type of every error answer (RFC 9457).
const ProblemMediaType = "application/problem+json"

// Problem is the body of every error answer (RFC 9457).
type Problem struct {
	Type      string         `json:"type" doc:"where this kind of problem is explained" example:"/problems/not-found"`
	Title     string         `json:"title" doc:"the kind of problem, in a few words"`
	Status    int            `json:"status" doc:"the HTTP status"`
	Detail    string         `json:"detail" doc:"what was wrong this time"`
	Instance  string         `json:"instance" doc:"names this one occurrence; our log has it too"`
	Code      string         `json:"code" doc:"the last part of type; programs match on it" example:"not-found"`
	Retryable bool           `json:"retryable" doc:"the same request may succeed later"`
	Errors    []FieldError   `json:"errors" doc:"what exactly was wrong with the request, if we can tell; else empty"`
	Extra     map[string]any `json:"-"` // further members, such as shortages
	_         struct{}       `additionalProperties:"true"`
}

// FieldError is one thing that was wrong with a request. It never repeats the value.
type FieldError struct {
	Pointer   string `json:"pointer" doc:"where in the body (RFC 6901); empty for the whole body"`
	Parameter string `json:"parameter,omitempty" doc:"which path, query or header value, if it was not the body"`
	Code      string `json:"code" example:"wrong-type"`
	Detail    string `json:"detail"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

type plain Problem // without the methods, so that encoding/json does its ordinary work

// MarshalJSON writes the further members beside the known ones.
func (p Problem) MarshalJSON() ([]byte, error) {
	if p.Errors == nil {
		p.Errors = []FieldError{}
	}
	known, err := json.Marshal(plain(p))
	if err != nil || len(p.Extra) == 0 {
		return known, err
	}
	members := maps.Clone(p.Extra)
	if err := json.Unmarshal(known, &members); err != nil { // the known ones win
		return nil, err
	}
	return json.Marshal(members)
}

// UnmarshalJSON keeps the members that Problem has no field for in Extra.
func (p *Problem) UnmarshalJSON(doc []byte) error {
	if err := json.Unmarshal(doc, (*plain)(p)); err != nil {
		return err
	}
	p.Extra = nil
	if err := json.Unmarshal(doc, &p.Extra); err != nil {
		return err
	}
	for _, known := range []string{"type", "title", "status", "detail", "instance", "code", "retryable", "errors"} {
		delete(p.Extra, known)
	}
	return nil
}
