package checkout_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

func release(sku string, quantity int64, reason string) on {
	return on{sku, inventory.Released{ReservationID: "0:reserve:" + sku, OrderID: "o", Quantity: quantity, Reason: reason}}
}

func declined(requestID string, retryable bool) payment.Failed {
	return payment.Failed{RequestID: requestID, Code: "declined", Retryable: retryable}
}

func request(requestID string, attempt, amount int64) payment.Requested {
	return payment.Requested{RequestID: requestID, Attempt: attempt, AmountMinor: amount, Currency: "USD", ExpiresAt: 900}
}

func TestStep_failedRequest_isAskedAgainForWhatIsMissing(t *testing.T) {
	s := given(t, awaiting(captured("c", 600), payment.Matched{CaptureID: "c", AppliedMinor: 600}, declined("0:request", true))...)
	s.stepAt(7).then(request("1:request", 2, 1900))
	s.happens("o", declined("1:request", true))
	s.stepAt(8).then(request("3:request", 3, 1900))
	s.happens("o", declined("3:request", true))
	o := s.stepAt(9).then() // three tries are all; the deadline decides
	require.Equal(t, "partially_paid", checkout.PaymentStatus(o.order, o.account))
	require.Equal(t, order.StatusAwaitingPayment, o.order.Status)
}

func TestStep_failedForGood_isNotAskedAgain(t *testing.T) {
	o := given(t, awaiting(declined("0:request", false))...).stepAt(7).then()
	require.Equal(t, "failed", checkout.PaymentStatus(o.order, o.account))
}

func TestStep_failedAndPaidMeanwhile_isNotAskedAgain(t *testing.T) {
	s := given(t, awaiting(declined("0:request", true), captured("c", 2500))...)
	s.stepAt(7)
	require.Equal(t, order.StatusConfirmed, s.of("o").order.Status)
	require.Len(t, s.of("o").account.Requests, 1)
}

func TestStep_failedAndTimeUp_expires(t *testing.T) {
	s := given(t, awaiting(declined("0:request", true), windowUp)...)
	s.stepAt(7)
	require.Equal(t, order.StatusExpired, s.of("o").order.Status)
	require.Len(t, s.of("o").account.Requests, 1)
}

// asked is a refund of 2500, back from an order that was cancelled.
func asked(more ...decider.Event) []decider.Event {
	return append([]decider.Event{placed, captured("c", 2500), order.Cancelled{Reason: "r"}, checkout.Finished{Outcome: "cancelled"},
		payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 2500, Currency: "USD", Reason: "cancelled", ConfirmBy: 60}}, more...)
}

var (
	triedAgain = payment.RefundFailed{RefundID: "f", Code: "x", RetryAt: 70, ConfirmBy: 130}
	givenUp    = payment.RefundFailed{RefundID: "f", Code: "x"}
)

func raisedAs(reviewID string) payment.ReviewRaised {
	return payment.ReviewRaised{ReviewID: reviewID, Reason: "refund_failed", CaptureID: "c", RefundID: "f", AmountMinor: 2500, Currency: "USD", Code: "x"}
}

func TestStep_refundFailed_onTheLadder_waits(t *testing.T) {
	given(t, asked(triedAgain)...).stepAt(7).then()
}

// Also `manual`, whose ladder is empty: the first failure is for a person.
func TestStep_refundFailed_noTryLeft_asksAPersonOnce(t *testing.T) {
	o := given(t, asked(givenUp)...).stepAt(7).then(raisedAs("1:review:f"))
	require.True(t, o.account.NeedsReview())
	require.Equal(t, "refund_pending", checkout.PaymentStatus(o.order, o.account))
	given(t, asked(triedAgain, givenUp, raisedAs("v"))...).stepAt(7).then()
}

func TestStep_refundFailed_asksAPersonInEveryState(t *testing.T) {
	pending := payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 2500, Currency: "USD", Reason: "operator", ConfirmBy: 60}
	for name, history := range map[string][]decider.Event{
		"no order":  {captured("c", 2500), pending, givenUp},
		"confirmed": confirmed(pending, givenUp),
		"completed": completed(pending, givenUp),
		"cancelled": asked(givenUp),
	} {
		t.Run(name, func(t *testing.T) { given(t, history...).stepAt(7).then(raisedAs("1:review:f")) })
	}
}

func TestStep_reviewResolved_isNotAskedAgain(t *testing.T) {
	raised := raisedAs("v")
	for _, decision := range []string{"refund", "dismiss"} {
		given(t, asked(givenUp, raised, payment.ReviewResolved{ReviewID: "v", Decision: decision, RefundID: "f", ConfirmBy: 300})...).stepAt(7).then()
	}
	anew := payment.ReviewResolved{ReviewID: "v", Decision: "refund", RefundID: "f", ConfirmBy: 300}
	given(t, asked(givenUp, raised, anew, givenUp)...).stepAt(7).then(raisedAs("1:review:f")) // but after it failed anew
}

func TestStep_keptByAReview_staysKept(t *testing.T) {
	for name, history := range map[string][]decider.Event{"cancelled": asked(), "late": asked(captured("d", 7))} {
		t.Run(name, func(t *testing.T) {
			s := given(t, append(history, givenUp, raisedAs("v"), payment.ReviewResolved{ReviewID: "v", Decision: "dismiss", RefundID: "f"})...)
			for _, e := range s.stepAt(7).events {
				require.NotEqual(t, "c", e.(payment.RefundRequested).CaptureID)
			}
		})
	}
}

// A person sent a part back before the step looked: the rest is counted, or goes back, as all of it would have.
func TestStep_partSentBackByAPerson_theRestIsDecided(t *testing.T) {
	part := func(captureID string) payment.RefundRequested {
		return payment.RefundRequested{RefundID: "f", CaptureID: captureID, AmountMinor: 100, Currency: "USD", Reason: "operator"}
	}
	given(t, confirmed(captured("d", 500), part("d"))...).stepAt(7).then(refund("1:refund:d", "d", 400, "overpayment"))
	given(t, asked(captured("d", 500), part("d"))...).stepAt(7).then(refund("1:refund:d", "d", 400, "late_payment"))
	given(t, awaiting(captured("d", 500), part("d"))...).stepAt(7).then(payment.Matched{CaptureID: "d", AppliedMinor: 400})
	given(t, captured("c", 500), payment.Unmatched{CaptureID: "c", ParkUntil: 50}, part("c"), parkUp).stepAt(7).then(
		refund("1:refund:c", "c", 400, "unknown_order"))
}

// What the provider is asked, after which event.
func TestAskFor(t *testing.T) {
	requested := payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 2500, Currency: "USD", Reason: "cancelled", ConfirmBy: 60}
	anew := payment.ReviewResolved{ReviewID: "v", Decision: "refund", RefundID: "f", ConfirmBy: 300}
	for name, c := range map[string]struct {
		history []decider.Event
		event   decider.Event
		what    string // "": nothing
	}{
		"requested":                      {asked(), requested, checkout.AskPay},
		"T3, still open":                 {asked(triedAgain, up(retryOf(2))), up(retryOf(2)), checkout.AskPay},
		"T4, still open":                 {asked(up(confirmOf(1))), up(confirmOf(1)), checkout.AskWhat},
		"a review wants a new ladder":    {asked(givenUp, raisedAs("v"), anew), anew, checkout.AskPay},
		"requested, done since":          {asked(payment.Refunded{RefundID: "f"}), requested, ""},
		"T3, done since":                 {asked(triedAgain, payment.Refunded{RefundID: "f"}), up(retryOf(2)), ""},
		"T4, kept since":                 {asked(payment.ReviewResolved{RefundID: "f", Decision: "dismiss"}), up(confirmOf(1)), ""},
		"a review kept it":               {asked(), payment.ReviewResolved{RefundID: "f", Decision: "dismiss"}, ""},
		"a review about no refund":       {asked(), payment.ReviewResolved{ReviewID: "v", Decision: "refund"}, ""},
		"T2":                             {asked(), windowUp, ""},
		"T5, though the ref is the same": {asked(), up(checkout.Deadline{Timer: checkout.TimerUnmatched, Ref: "f", Attempt: 1}), ""},
		"unknown":                        {asked(), payment.RefundRequested{RefundID: "g"}, ""},
		"failed":                         {asked(triedAgain), triedAgain, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ask, wanted := checkout.AskFor(c.event, given(t, c.history...).of("o").account)
			require.Equal(t, c.what != "", wanted)
			if wanted {
				require.Equal(t, c.what, ask.What)
				require.Equal(t, "f", ask.Refund.RefundID)
				require.EqualValues(t, 2500, ask.Refund.AmountMinor)
			}
		})
	}
}
