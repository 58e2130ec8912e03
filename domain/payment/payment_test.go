package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/domain/domaintest"
	"ordermill/domain/money"
	"ordermill/domain/payment"
)

var (
	captured  = payment.Captured{CaptureID: "c", AmountMinor: 2999, Currency: "USD", Source: "http", OccurredAt: 5}
	matched   = payment.Matched{CaptureID: "c", AppliedMinor: 2999}
	requested = payment.Requested{RequestID: "q", Attempt: 1, AmountMinor: 2999, Currency: "USD", ExpiresAt: 9}
	refund    = payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 2999, Currency: "USD", Reason: "expired"}
)

func given(t *testing.T, history ...payment.Event) domaintest.Case[payment.State, payment.Command, payment.Event] {
	return domaintest.Given(t, payment.Decider, history...)
}

// record is the command that leads to an event.
func record(e payment.Captured) payment.RecordCapture {
	return payment.RecordCapture{CaptureID: e.CaptureID, AmountMinor: e.AmountMinor, Currency: e.Currency, Source: e.Source, OccurredAt: e.OccurredAt}
}

func TestRecordCapture(t *testing.T) {
	given(t).When(record(captured)).Then(captured)
	given(t, captured).When(record(captured)).Then()
	for _, c := range []payment.RecordCapture{
		{CaptureID: "c", AmountMinor: 0, Currency: "USD"},
		{CaptureID: "c", AmountMinor: money.Max + 1, Currency: "USD"},
		{CaptureID: "c", AmountMinor: 1, Currency: "XXX"},
	} {
		given(t).When(c).ThenRefused("validation-failed")
	}
}

func TestMatch_aCaptureIsCountedOnce(t *testing.T) {
	given(t, captured).When(payment.Match{CaptureID: "c", AppliedMinor: 2999}).Then(matched)
	given(t, captured, matched).When(payment.Match{CaptureID: "c", AppliedMinor: 1}).Then()
	given(t).When(payment.Match{CaptureID: "c"}).ThenRefused("unknown-capture")
}

func TestPark_aCaptureWaitsOnce(t *testing.T) {
	parked := payment.Unmatched{CaptureID: "c", ParkUntil: 7}
	given(t, captured).When(payment.Park{CaptureID: "c", Until: 7}).Then(parked)
	given(t, captured, parked).When(payment.Park{CaptureID: "c", Until: 8}).Then()
	given(t).When(payment.Park{CaptureID: "c", Until: 8}).ThenRefused("unknown-capture")
}

func TestAsk_andStopAsking(t *testing.T) {
	closed := payment.RequestClosed{RequestID: "q", Reason: "expired"}
	given(t).When(payment.Ask(requested)).Then(requested)
	given(t, requested).When(payment.Ask(requested)).Then()
	given(t, requested).When(payment.StopAsking{Reason: "expired"}).Then(closed)
	given(t, requested, closed).When(payment.StopAsking{Reason: "expired"}).Then()
	given(t).When(payment.StopAsking{Reason: "expired"}).Then()
}

func TestRequestRefund_neverMoreThanIsLeft(t *testing.T) {
	given(t, captured).When(payment.RequestRefund{RefundID: "f", CaptureID: "c", AmountMinor: 2999, Reason: "expired"}).Then(refund)
	given(t, captured, refund).When(payment.RequestRefund{RefundID: "f", CaptureID: "c", AmountMinor: 2999, Reason: "expired"}).Then()
	given(t, captured, refund).When(payment.RequestRefund{RefundID: "g", CaptureID: "c", AmountMinor: 1}).ThenRefused("refund-exceeds-captured")
	given(t, captured, refund, payment.RefundFailed{RefundID: "f", Code: "closed"}).
		When(payment.RequestRefund{RefundID: "g", CaptureID: "c", AmountMinor: 1}).ThenRefused("refund-exceeds-captured")
	given(t, captured).When(payment.RequestRefund{RefundID: "g", CaptureID: "c", AmountMinor: 0}).ThenRefused("validation-failed")
	given(t).When(payment.RequestRefund{RefundID: "g", CaptureID: "c", AmountMinor: 1}).ThenRefused("unknown-capture")
}

func TestReceive_newMoney_isClaimedAndCaptured(t *testing.T) {
	claims, events, reception, err := payment.Receive(payment.ClaimState{}, payment.State{}, "o", record(captured), "v")
	require.NoError(t, err)
	require.Equal(t, payment.Recorded, reception)
	require.Equal(t, []payment.ClaimEvent{payment.Claimed{CaptureID: "c", OrderID: "o", AmountMinor: 2999, Currency: "USD"}}, claims)
	require.Equal(t, []payment.Event{captured}, events)
}

func TestReceive_sameMoneyAgain_isADuplicate(t *testing.T) {
	claim := payment.ClaimState{CaptureID: "c", OrderID: "o", AmountMinor: 2999, Currency: "USD"}
	claims, events, reception, err := payment.Receive(claim, payment.State{}, "o", record(captured), "v")
	require.NoError(t, err)
	require.Equal(t, payment.Duplicate, reception)
	require.Empty(t, claims)
	require.Empty(t, events)
}

func TestReceive_sameIdentityOtherContent_isReviewedOnceAndNotCounted(t *testing.T) {
	claim := payment.ClaimState{CaptureID: "c", OrderID: "o", AmountMinor: 2999, Currency: "USD"}
	for name, second := range map[string]struct {
		order    string
		amount   int64
		currency string
	}{"amount": {"o", 3000, "USD"}, "currency": {"o", 2999, "EUR"}, "order": {"p", 2999, "USD"}} {
		t.Run(name, func(t *testing.T) {
			c := payment.RecordCapture{CaptureID: "c", AmountMinor: second.amount, Currency: second.currency}
			claims, events, reception, err := payment.Receive(claim, payment.State{}, second.order, c, "v")
			require.NoError(t, err)
			require.Equal(t, payment.Conflict, reception)
			require.Empty(t, claims)
			require.Equal(t, []payment.Event{payment.ReviewRaised{
				ReviewID: "v", Reason: "conflicting_duplicate", CaptureID: "c", AmountMinor: second.amount, Currency: second.currency,
			}}, events)

			s := payment.Decider.Fold(payment.State{}, events...)
			require.True(t, s.NeedsReview())
			require.Zero(t, s.Sums(payment.Terms{Currency: second.currency}).CapturedMinor)
			_, again, _, err := payment.Receive(claim, s, second.order, c, "another id")
			require.NoError(t, err)
			require.Empty(t, again, "a copy of the second letter asks nothing new")
		})
	}
}

func TestReceive_noMoney_isRefused(t *testing.T) {
	_, _, _, err := payment.Receive(payment.ClaimState{}, payment.State{}, "o", payment.RecordCapture{CaptureID: "c", Currency: "USD"}, "v")
	var refusal *decider.Refusal
	require.ErrorAs(t, err, &refusal)
}

func TestClaim_anIdentityIsOneCapture(t *testing.T) {
	claim := payment.Claim{CaptureID: "c", OrderID: "o", AmountMinor: 1, Currency: "USD"}
	domaintest.Given(t, payment.ClaimDecider).When(claim).Then(payment.Claimed(claim))
	claimed := domaintest.Given(t, payment.ClaimDecider, payment.ClaimEvent(payment.Claimed(claim)))
	claimed.When(claim).Then()
	claim.OrderID = "p"
	claimed.When(claim).ThenRefused("payment-id-conflict")
}

func TestBareIdentity_contentsMakeIt(t *testing.T) {
	one := payment.BareIdentity("payment.completed", "o", 2999, "USD")
	require.Equal(t, one, payment.BareIdentity("payment.completed", "o", 2999, "USD"))
	for _, other := range []string{
		payment.BareIdentity("payment.refunded", "o", 2999, "USD"), payment.BareIdentity("payment.completed", "p", 2999, "USD"),
		payment.BareIdentity("payment.completed", "o", 2998, "USD"), payment.BareIdentity("payment.completed", "o", 2999, "EUR"),
	} {
		require.NotEqual(t, one, other)
	}
}
