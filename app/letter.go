package app

import (
	"encoding/json"
	"slices"
	"strings"

	"ordermill/domain/decider"
	"ordermill/internal/strictjson"
)

// The letters that are understood. These names come in only; the log records its own.
const (
	letterOrderCreated     = "order.created"
	letterPaymentCompleted = "payment.completed"
	letterPaymentFailed    = "payment.failed"
	letterPaymentRefunded  = "payment.refunded"
	letterRefundFailed     = "payment.refund_failed"
)

// Letters are the event types that are taken as letters.
var Letters = []string{letterOrderCreated, letterPaymentCompleted, letterPaymentFailed, letterPaymentRefunded, letterRefundFailed}

// envelope is a letter before its payload is read: the tutorial's two keys, and the attributes of CloudEvents 1.0.
type envelope struct {
	EventType string          `json:"event_type"`
	Payload   json.RawMessage `json:"payload"`
	ID        *string         `json:"id"`
	EventID   *string         `json:"event_id"`

	SpecVersion     *string         `json:"specversion"`
	Source          *string         `json:"source"`
	Type            *string         `json:"type"`
	Subject         *string         `json:"subject"`
	Time            *string         `json:"time"`
	DataContentType *string         `json:"datacontenttype"`
	DataSchema      *string         `json:"dataschema"`
	Data            json.RawMessage `json:"data"`
	Traceparent     *string         `json:"traceparent"`
	Tracestate      *string         `json:"tracestate"`
	CorrelationID   *string         `json:"correlationid"`
	CausationID     *string         `json:"causationid"`
}

// orderCreated is the payload of order.created. Prices are decimals of the order's currency, read as text.
type orderCreated struct {
	OrderID     *string       `json:"order_id"`
	CustomerRef *string       `json:"customer_ref"`
	Currency    *string       `json:"currency"`
	Items       []orderedItem `json:"items"`
}

type orderedItem struct {
	SKU               *string         `json:"sku"`
	Name              *string         `json:"name"`
	Quantity          *int64          `json:"quantity"`
	ExpectedUnitPrice json.RawMessage `json:"expected_unit_price"`
}

// paymentCompleted is the payload of payment.completed.
type paymentCompleted struct {
	OrderID       *string         `json:"order_id"`
	Amount        json.RawMessage `json:"amount"`
	Currency      *string         `json:"currency"`
	PaymentID     *string         `json:"payment_id"`
	TransactionID *string         `json:"transaction_id"`
	ProviderRef   *string         `json:"provider_ref"`
}

// readEnvelope reads a letter's outside. Over HTTP unknown keys are refused; from a broker they are ignored, as in payloads:
// a fact is not refused for what somebody wrote beside it.
func readEnvelope(raw []byte, strict bool) (envelope, error) {
	var e envelope
	if err := strictjson.Scan(raw); err != nil {
		return e, malformed(err, "")
	}
	decode := strictjson.DecodeKnown
	if strict {
		decode = strictjson.Decode
	}
	if err := decode(raw, &e); err != nil {
		return e, malformed(err, "")
	}
	switch {
	case e.EventType == "":
		return e, missing("/event_type", "required", "a letter needs an event_type, such as order.created")
	case !slices.Contains(Letters, e.EventType):
		return e, &decider.Refusal{Code: "unsupported-event-type",
			Detail: "this event_type is not one that is taken as a letter; these are: " + strings.Join(Letters, ", ")}
	case e.Payload == nil:
		return e, missing("/payload", "required", "a letter needs a payload")
	case e.Payload[0] != '{':
		return e, malformedAt("/payload", strictjson.WrongType, "the payload must be an object")
	}
	return e, nil
}

// readPayload reads a letter's payload into a struct of its own, P; members that P does not have are ignored.
func readPayload[P any](e envelope) (payload P, err error) {
	if err := strictjson.DecodeKnown(e.Payload, &payload); err != nil {
		return payload, malformed(err, "/payload")
	}
	return payload, nil
}

func malformed(err error, under string) error {
	refusal := &decider.Refusal{Code: "invalid-json", Detail: "the letter cannot be read as it is; errors names the places"}
	if problems, ok := err.(strictjson.Errors); ok {
		for _, p := range problems {
			refusal.Errors = append(refusal.Errors, decider.FieldError{Pointer: under + p.Pointer, Code: p.Code, Detail: p.Detail})
		}
	}
	return refusal
}

func malformedAt(pointer, code, detail string) error {
	return malformed(strictjson.Errors{{Pointer: pointer, Code: code, Detail: detail}}, "")
}

func missing(pointer, code, detail string) error {
	return &decider.Refusal{Code: "validation-failed", Detail: "a member of the request is missing or out of range; errors names it",
		Errors: []decider.FieldError{{Pointer: pointer, Code: code, Detail: detail}}}
}
