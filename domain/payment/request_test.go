package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/payment"
)

var declined = payment.Failed{RequestID: "q", Code: "declined", Retryable: true}

func TestRecordFailure_ofTheOpenRequest(t *testing.T) {
	given(t, requested).When(payment.RecordFailure{RequestID: "q", Code: "declined", Retryable: true}).Then(declined)
	s := given(t, requested).When(payment.RecordFailure{Code: "declined", Retryable: true}).Then(declined)
	require.False(t, s.Requests[0].Open())
}

func TestRecordFailure_thatFitsNoOpenRequest_changesNothing(t *testing.T) {
	c := payment.RecordFailure{Code: "declined"}
	given(t).When(c).Then()
	given(t, requested).When(payment.RecordFailure{RequestID: "other", Code: "declined"}).Then()
	given(t, requested, declined).When(c).Then()
	given(t, requested, payment.RequestClosed{RequestID: "q", Reason: "expired"}).When(c).Then()
	second := payment.Requested{RequestID: "q2", Attempt: 2, AmountMinor: 2999, Currency: "USD"}
	given(t, requested, declined, second).When(payment.RecordFailure{RequestID: "q", Code: "declined"}).Then() // of one that is over
	given(t, requested, declined, second).When(c).Then(payment.Failed{RequestID: "q2", Code: "declined"})
}

func TestStopAsking_afterAFailure_closesTheRequest(t *testing.T) {
	given(t, requested, declined).When(payment.StopAsking{Reason: "expired"}).Then(payment.RequestClosed{RequestID: "q", Reason: "expired"})
}

func TestReassign_moneyThatWaits_leavesTheAccountWhole(t *testing.T) {
	parked := payment.Unmatched{CaptureID: "c", ParkUntil: 9}
	moved := payment.Reassigned{CaptureID: "c", ToOrderID: "p"}
	s := given(t, captured, parked).When(payment.Reassign{CaptureID: "c", ToOrderID: "p"}).Then(moved)
	require.Zero(t, s.Sums(payment.Terms{Currency: "USD"}).CapturedMinor)
	require.Empty(t, s.Fresh())
	require.Equal(t, payment.OutcomeMoved, s.Outcome(s.Captures[0]))
	given(t, captured, parked, moved).When(payment.Reassign{CaptureID: "c", ToOrderID: "p"}).Then()
	given(t, captured, parked, moved).When(payment.Reassign{CaptureID: "c", ToOrderID: "q"}).ThenRefused("capture-not-unmatched")
	given(t).When(payment.Reassign{CaptureID: "c", ToOrderID: "p"}).ThenRefused("unknown-capture")
	for name, history := range map[string][]payment.Event{
		"not parked":    {captured},
		"matched":       {captured, parked, matched},
		"refunded":      {captured, parked, refund},
		"partly booked": {captured, parked, refundOf("g", "c", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			given(t, history...).When(payment.Reassign{CaptureID: "c", ToOrderID: "p"}).ThenRefused("capture-not-unmatched")
		})
	}
}

func TestArrive_isTheSameCaptureOnTheOtherAccount(t *testing.T) {
	was := payment.Capture{CaptureID: "c", AmountMinor: 2999, Currency: "USD", Source: "http", OccurredAt: 5, ParkUntil: 9}
	here := captured
	here.FromOrderID = "o"
	s := given(t).When(payment.Arrive{Capture: was, FromOrderID: "o"}).Then(here)
	require.Len(t, s.Fresh(), 1, "it is decided about anew")
	given(t, here).When(payment.Arrive{Capture: was, FromOrderID: "o"}).Then()
}
