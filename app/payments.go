package app

import (
	"context"

	"github.com/google/uuid"

	"ordermill/domain/payment"
	"ordermill/eventstore"
)

// RecordPayment tells that money arrived, over REST.
type RecordPayment struct {
	OrderID     string
	PaymentID   string // the payment provider's; names the money store-wide
	AmountMinor int64
	Currency    string // ISO 4217; "" is the order's, else the store's
}

// Values of PaymentRecorded.Outcome, as the decision saw it: money that was applied may still be refunded.
const (
	OutcomeApplied   = "applied"   // there is an order for it
	OutcomeUnmatched = "unmatched" // there is none, yet
	OutcomeDuplicate = "duplicate" // this money was recorded before
	OutcomeReview    = "review"    // other money has this identity: somebody has to look
)

// PaymentRecorded is what became of money that arrived.
type PaymentRecorded struct {
	OrderID     string `json:"order_id"`
	CaptureID   string `json:"capture_id"`
	Outcome     string `json:"outcome"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}

// RecordPayment records money. It is never refused for what we know or do not know: facts are not.
func (d *Desk) RecordPayment(ctx context.Context, call Call, c RecordPayment) (Answer, error) {
	return d.do(ctx, call, Command{
		Meta:    eventstore.Metadata{CorrelationID: c.OrderID},
		Reads:   []Ref{orders.ref(c.OrderID), accounts.ref(c.OrderID), claims.ref(payment.ClaimID(c.PaymentID))},
		Patient: true,
		Decide: func(decision *Decision) (any, error) {
			m := arrived{OrderID: c.OrderID, Identity: c.PaymentID, AmountMinor: c.AmountMinor, Currency: c.Currency, Source: "rest"}
			if m.Currency == "" {
				m.Currency = orders.state(decision, c.OrderID).Currency
			}
			return d.capture(decision, m)
		},
	})
}

// arrived is money, under the identity by which it is known when it arrives again.
type arrived struct {
	OrderID, Identity string
	AmountMinor       int64
	Currency          string // "" is the store's
	Source            string
	OccurredAt        int64 // ms since 1970 UTC, as the sender says; 0: now
}

func (m arrived) claim() Ref { return claims.ref(payment.ClaimID(m.Identity)) }

// capture claims the money's identity and records it, in one append.
func (d *Desk) capture(decision *Decision, m arrived) (PaymentRecorded, error) {
	if m.Currency == "" {
		m.Currency = d.currency
	}
	if m.OccurredAt == 0 {
		m.OccurredAt = millis(decision.Now)
	}
	claimID := payment.ClaimID(m.Identity)
	claim := claims.state(decision, claimID)
	captureID := d.captureID(m.Identity)
	claimed, recorded, reception, err := payment.Receive(claim, accounts.state(decision, m.OrderID), m.OrderID, payment.RecordCapture{
		CaptureID: captureID, AmountMinor: m.AmountMinor, Currency: m.Currency, Source: m.Source, OccurredAt: m.OccurredAt,
	}, decision.NewID("review"))
	if err != nil {
		return PaymentRecorded{}, err
	}
	claims.record(decision, claimID, claimed...)
	accounts.record(decision, m.OrderID, recorded...)
	return PaymentRecorded{
		OrderID: m.OrderID, CaptureID: captureID, AmountMinor: m.AmountMinor, Currency: m.Currency,
		Outcome: outcomeOf(reception, orders.state(decision, m.OrderID).Exists()),
	}, nil
}

func outcomeOf(reception payment.Reception, orderExists bool) string {
	switch {
	case reception == payment.Duplicate:
		return OutcomeDuplicate
	case reception == payment.Conflict:
		return OutcomeReview
	case orderExists:
		return OutcomeApplied
	}
	return OutcomeUnmatched
}

// captureID is the identity's id in this store: UUIDv5(log id, identity).
func (d *Desk) captureID(identity string) string {
	return uuid.NewSHA1(d.store.LogID(), []byte(identity)).String()
}
