package app

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"ordermill/domain/decider"
	"ordermill/domain/money"
	"ordermill/domain/payment"
)

// paymentLetter makes payment.completed a capture. Its currency is its own, else the store's, never the order's.
func (d *Desk) paymentLetter(e envelope, letter Letter) (decided, error) {
	p, err := readPayload[paymentCompleted](e)
	if err != nil {
		return decided{}, err
	}
	orderID, err := requiredOrderID(p.OrderID)
	if err != nil {
		return decided{}, err
	}
	amount, currency, err := d.requiredAmount(p.Amount, p.Currency)
	if err != nil {
		return decided{}, err
	}
	m := arrived{OrderID: orderID, AmountMinor: amount, Currency: currency, Source: letter.Source}
	m.Identity = p.identity(e, letter.MessageID, amount, currency)
	if len(m.Identity) > maxIdentity || !utf8.ValidString(m.Identity) {
		return decided{}, missing("/payload/payment_id", "out-of-range", "an identity of money has at most 255 bytes")
	}
	reads := []Ref{orders.ref(orderID), accounts.ref(orderID), m.claim()}
	return decided{orderID, reads, func(decision *Decision) (any, bool, error) {
		recorded, err := d.capture(decision, m)
		return recorded, recorded.Outcome == OutcomeDuplicate, err
	}}, nil
}

// requiredAmount reads a letter's amount and its currency, which is its own, else the store's.
func (d *Desk) requiredAmount(raw json.RawMessage, named *string) (minor int64, currency string, err error) {
	if currency = text(named); currency == "" {
		currency = d.currency
	}
	if raw == nil {
		return 0, "", missing("/payload/amount", "required", "the letter needs an amount")
	}
	minor, err = readAmount(raw, currency, "/payload/amount")
	if err == nil && minor < 1 {
		err = missing("/payload/amount", "out-of-range", "an amount is more than nothing")
	}
	return minor, currency, err
}

// maxIdentity bounds what names a payment.
const maxIdentity = 255

// readAmount reads a decimal of a currency, as text and never through a float.
func readAmount(raw json.RawMessage, currency, pointer string) (int64, error) {
	if !isNumber(raw) {
		return 0, malformedAt(pointer, "wrong-type", "an amount is a JSON number")
	}
	minor, err := money.Parse(string(raw), currency)
	switch {
	case err == nil:
		return minor, nil
	case errors.Is(err, money.ErrPrecision):
		return 0, &decider.Refusal{Code: "amount-precision", Detail: "the amount has more decimals than its currency",
			Errors: []decider.FieldError{{Pointer: pointer, Code: "amount-precision", Detail: err.Error()}}}
	case errors.Is(err, money.ErrCurrency):
		pointer = strings.TrimSuffix(pointer, "/amount") + "/currency"
		return 0, missing(pointer, "unknown-currency", "a code of ISO 4217, such as USD")
	}
	return 0, missing(pointer, "out-of-range", err.Error())
}

// identity is by what the money of a letter is known, store-wide: the first of these that is present. Where a letter stands in
// its transport (a Redis entry's id, a delivery tag) never is.
func (p paymentCompleted) identity(e envelope, transportID string, amountMinor int64, currency string) string {
	for _, id := range []*string{p.PaymentID, p.TransactionID, p.ProviderRef, e.EventID, e.ID, &transportID} {
		if id != nil && *id != "" {
			return *id
		}
	}
	return payment.BareIdentity(letterPaymentCompleted, *p.OrderID, amountMinor, currency)
}

// isNumber tells a JSON number from the other things that a member may be.
func isNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
}
