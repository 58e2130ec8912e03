package app

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"ordermill/domain/decider"
	"ordermill/domain/payment"
)

// paymentFailed is the payload of payment.failed: the customer could not pay a request.
type paymentFailed struct {
	OrderID   *string `json:"order_id"`
	RequestID *string `json:"request_id"` // none: the newest
	Code      *string `json:"code"`
	Retryable bool    `json:"retryable"`
}

// refundAnswered is the payload of payment.refunded, and of payment.refund_failed with its code.
type refundAnswered struct {
	OrderID  *string         `json:"order_id"`
	RefundID *string         `json:"refund_id"` // none: the oldest open one of this amount
	Amount   json.RawMessage `json:"amount"`
	Currency *string         `json:"currency"`
	Code     *string         `json:"code"`
}

// Outcomes of a letter that answers a request or a refund.
const (
	outcomeRecorded = "recorded"
	outcomeIgnored  = "ignored" // it fits nothing that is open, and nothing was changed
)

// answered is the result of such a letter.
type answered struct {
	OrderID string `json:"order_id"`
	Outcome string `json:"outcome"`
}

// failureLetter notes that a request could not be paid. One that fits no open request changes nothing.
func (d *Desk) failureLetter(e envelope, letter Letter) (decided, error) {
	p, err := readPayload[paymentFailed](e)
	if err != nil {
		return decided{}, err
	}
	orderID, err := requiredOrderID(p.OrderID)
	if err != nil {
		return decided{}, err
	}
	if err := optionalID("/payload/request_id", p.RequestID); err != nil {
		return decided{}, err
	}
	code, err := requiredCode(p.Code)
	if err != nil {
		return decided{}, err
	}
	fact := answer{orderID: orderID, identity: identityOf(e, letter, orderID, text(p.RequestID), code, strconv.FormatBool(p.Retryable))}
	return d.answerLetter(fact, func(*Decision) payment.Command {
		return payment.RecordFailure{RequestID: text(p.RequestID), Code: code, Retryable: p.Retryable}
	}), nil
}

// refundLetter notes that a refund was paid out.
func (d *Desk) refundLetter(e envelope, letter Letter) (decided, error) {
	fact, about, _, err := d.readRefund(e, letter)
	if err != nil {
		return decided{}, err
	}
	return d.answerLetter(fact, func(decision *Decision) payment.Command {
		about.ReviewID = decision.NewID("review")
		return payment.RecordRefunded{Answered: about}
	}), nil
}

// refundFailedLetter notes that a refund was not paid out.
func (d *Desk) refundFailedLetter(e envelope, letter Letter) (decided, error) {
	fact, about, code, err := d.readRefund(e, letter)
	if err != nil {
		return decided{}, err
	}
	if code == "" {
		code = "failed"
	}
	return d.answerLetter(fact, func(decision *Decision) payment.Command {
		about.ReviewID = decision.NewID("review")
		return payment.RecordRefundFailed{Answered: about, Code: code, Retry: d.retries(fact.orderID), Now: millis(decision.Now)}
	}), nil
}

func (d *Desk) readRefund(e envelope, letter Letter) (fact answer, about payment.Answered, code string, err error) {
	p, err := readPayload[refundAnswered](e)
	if err != nil {
		return fact, about, "", err
	}
	if fact.orderID, err = requiredOrderID(p.OrderID); err != nil {
		return fact, about, "", err
	}
	if err := optionalID("/payload/refund_id", p.RefundID); err != nil {
		return fact, about, "", err
	}
	if p.Code != nil {
		if code, err = requiredCode(p.Code); err != nil {
			return fact, about, "", err
		}
	}
	fact.amountMinor, fact.currency, err = d.requiredAmount(p.Amount, p.Currency)
	if err != nil {
		return fact, about, "", err
	}
	about = payment.Answered{RefundID: text(p.RefundID), AmountMinor: fact.amountMinor, Currency: fact.currency}
	fact.identity = identityOf(e, letter, fact.orderID, about.RefundID, code, strconv.FormatInt(about.AmountMinor, 10), about.Currency)
	return fact, about, code, nil
}

// answer is a fact about a request or a refund, under the identity by which a copy of its letter is known.
type answer struct {
	orderID, identity string
	amountMinor       int64
	currency          string
}

// answerLetter records a fact once: its identity is claimed in the append that records it, as money's is.
func (d *Desk) answerLetter(fact answer, command func(*Decision) payment.Command) decided {
	claimID := payment.ClaimID(fact.identity)
	return decided{fact.orderID, []Ref{accounts.ref(fact.orderID), claims.ref(claimID)}, func(decision *Decision) (any, bool, error) {
		claimed, err := payment.ClaimDecider.Decide(claims.state(decision, claimID),
			payment.Claim{CaptureID: d.captureID(fact.identity), OrderID: fact.orderID, AmountMinor: fact.amountMinor, Currency: fact.currency})
		if err != nil || len(claimed) == 0 {
			return answered{fact.orderID, OutcomeDuplicate}, true, err
		}
		events, err := accounts.decide(decision, fact.orderID, command(decision))
		if err != nil {
			return nil, false, err
		}
		if len(events) == 0 {
			return answered{fact.orderID, outcomeIgnored}, false, nil
		}
		claims.record(decision, claimID, claimed...)
		if _, review := events[0].(payment.ReviewRaised); review {
			return answered{fact.orderID, OutcomeReview}, false, nil
		}
		return answered{fact.orderID, outcomeRecorded}, false, nil
	}}
}

// identityOf makes the identity of a fact that is no money: everything it says, and the sender's id for it. Two bare identical
// letters are one fact; a refund that fails again is told by letters with ids of their own.
func identityOf(e envelope, letter Letter, parts ...string) string {
	sender := cmp.Or(text(e.EventID), text(e.ID), letter.MessageID)
	return strings.Join(append(append([]string{"answer/" + e.EventType}, parts...), sender), "\n")
}

// requiredCode reads a reason: a code, because free text may hold personal data.
func requiredCode(code *string) (string, error) {
	if code == nil {
		return "", missing("/payload/code", "required", "the letter needs a code, such as card_declined")
	}
	return *code, optionalID("/payload/code", code)
}

// optionalID wants an id's form of what is there.
func optionalID(pointer string, id *string) error {
	var wrong decider.Fields
	if id != nil {
		wrong.ID(pointer, *id)
	}
	return wrong.Refusal()
}
