package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/payment"
)

func resolve(decision string) payment.ResolveReview {
	return payment.ResolveReview{ReviewID: "w", Decision: decision, NoteRef: "n-1", RefundID: "new", ConfirmBy: 77, Now: 50}
}

func resolved(decision, refundID string, confirmBy int64) payment.ReviewResolved {
	return payment.ReviewResolved{ReviewID: "w", Decision: decision, RefundID: refundID, ConfirmBy: confirmBy, NoteRef: "n-1"}
}

func review(reason string) payment.ReviewRaised {
	return payment.ReviewRaised{ReviewID: "w", Reason: reason, CaptureID: "c", RefundID: "f", AmountMinor: 2999, Currency: "USD"}
}

var duplicate = payment.ReviewRaised{ReviewID: "w", Reason: "conflicting_duplicate", CaptureID: "c", AmountMinor: 500, Currency: "USD"}

func TestRaiseReview_sameQuestion_isAskedOnceWhileItIsOpen(t *testing.T) {
	again := payment.RaiseReview(duplicate)
	again.ReviewID = "another"
	given(t, captured).When(payment.RaiseReview(duplicate)).Then(duplicate)
	given(t, captured, duplicate).When(again).Then()
	given(t, captured, duplicate, payment.ReviewResolved{ReviewID: "w", Decision: "dismiss"}).When(again).Then(payment.ReviewRaised(again))
	again.AmountMinor = 501
	given(t, captured, duplicate).When(again).Then(payment.ReviewRaised(again))
}

// Nobody is asked about a refund that was answered while the question was on its way: "refund" would pay it out twice.
func TestRaiseReview_refundAnsweredMeanwhile_isNothing(t *testing.T) {
	for _, reason := range []string{"refund_unconfirmed", "refund_failed"} {
		given(t, captured, refund).When(payment.RaiseReview(review(reason))).Then(review(reason))
		given(t, captured, refund, refunded).When(payment.RaiseReview(review(reason))).Then()
		given(t, captured, refund, payment.ReviewResolved{RefundID: "f", Decision: "dismiss"}).When(payment.RaiseReview(review(reason))).Then()
	}
}

func TestResolveReview_conflictingDuplicate(t *testing.T) {
	s := given(t, captured, duplicate).When(resolve("apply")).Then(resolved("apply", "", 0),
		payment.Captured{CaptureID: "w", AmountMinor: 500, Currency: "USD", Source: "review", OccurredAt: 50})
	require.Len(t, s.Fresh(), 2, "then it is money as any other")
	s = given(t, captured, duplicate).When(resolve("refund")).Then(resolved("refund", "", 0),
		payment.Captured{CaptureID: "w", AmountMinor: 500, Currency: "USD", Source: "review", OccurredAt: 50},
		payment.RefundRequested{RefundID: "new", CaptureID: "w", AmountMinor: 500, Currency: "USD", Reason: "operator", Code: "conflicting_duplicate", ConfirmBy: 77})
	require.Len(t, s.Fresh(), 1, "it is decided about")
	s = given(t, captured, duplicate).When(resolve("dismiss")).Then(resolved("dismiss", "", 0))
	require.Len(t, s.Captures, 1, "it never arrived")
	require.False(t, s.NeedsReview())
}

// The three questions about a refund, each with the account as it is when it is asked.
var refundQuestions = map[string][]payment.Event{
	"refund_failed":      {captured, refund, payment.RefundFailed{RefundID: "f", Code: "x"}, review("refund_failed")},
	"refund_unconfirmed": {captured, refund, review("refund_unconfirmed")},
	"refund_reversed":    {captured, refund, refunded, review("refund_reversed")},
}

func TestResolveReview_refund_isANewLadderWithTheSameID(t *testing.T) {
	for reason, history := range refundQuestions {
		t.Run(reason, func(t *testing.T) {
			s := given(t, history...).When(resolve("refund")).Then(resolved("refund", "f", 77))
			r, _ := s.Refund("f")
			require.Equal(t, payment.RefundOpen, r.Status)
			require.Zero(t, r.Failures)
			require.EqualValues(t, 2, r.Attempts)
			require.EqualValues(t, 77, r.ConfirmBy)
			require.EqualValues(t, 2999, s.Sums(payment.Terms{Currency: "USD"}).RefundPendingMinor)
			given(t, append(history, resolved("refund", "f", 77))...).When(failed("f", ladder, 100)).
				Then(payment.RefundFailed{RefundID: "f", Code: "no_account", RetryAt: 110, ConfirmBy: 210})
		})
	}
}

func TestResolveReview_apply_itWasPaidOut(t *testing.T) {
	for _, reason := range []string{"refund_failed", "refund_unconfirmed"} {
		given(t, refundQuestions[reason]...).When(resolve("apply")).Then(resolved("apply", "f", 0), refunded)
	}
	s := given(t, refundQuestions["refund_reversed"]...).When(resolve("apply")).Then(resolved("apply", "f", 0))
	require.EqualValues(t, 2999, s.Sums(payment.Terms{Currency: "USD"}).RefundedMinor)
}

func TestResolveReview_dismiss_itStays(t *testing.T) {
	for reason, history := range refundQuestions {
		t.Run(reason, func(t *testing.T) {
			s := given(t, history...).When(resolve("dismiss")).Then(resolved("dismiss", "f", 0))
			require.Equal(t, payment.RefundKept, s.Refunds[0].Status)
			sums := s.Sums(payment.Terms{Currency: "USD"})
			require.Zero(t, sums.RefundedMinor+sums.RefundPendingMinor)
		})
	}
}

// Two questions can be open about one refund: nobody said what became of it, and then it failed for good. Answering one after
// the other would keep what was paid out, or pay out what was kept and spent.
func TestResolveReview_answersEverythingThatIsAskedAboutTheRefund(t *testing.T) {
	unconfirmed := review("refund_unconfirmed")
	unconfirmed.ReviewID = "u"
	history := []payment.Event{captured, refund, unconfirmed, payment.RefundFailed{RefundID: "f", Code: "x"}, review("refund_failed")}
	also := func(decision string) payment.ReviewResolved {
		return payment.ReviewResolved{ReviewID: "u", Decision: decision, NoteRef: "n-1"}
	}
	given(t, history...).When(resolve("apply")).Then(also("apply"), resolved("apply", "f", 0), refunded)
	given(t, history...).When(resolve("dismiss")).Then(also("dismiss"), resolved("dismiss", "f", 0))
	s := given(t, history...).When(resolve("refund")).Then(also("refund"), resolved("refund", "f", 77))
	require.EqualValues(t, 2, s.Refunds[0].Attempts, "it is asked for once")
	require.False(t, s.NeedsReview())
	other := payment.ReviewRaised{ReviewID: "x", Reason: "unrequested_refund", RefundID: "f", AmountMinor: 1, Currency: "USD"}
	s = given(t, append(history, other)...).When(resolve("apply")).Then(also("apply"), resolved("apply", "f", 0), refunded)
	require.True(t, s.NeedsReview(), "what went back beside it is another question")
}

func TestResolveReview_unrequestedRefund(t *testing.T) {
	asked := payment.ReviewRaised{ReviewID: "w", Reason: "unrequested_refund", AmountMinor: 500, Currency: "USD"}
	book := func(captureID string) []payment.Event {
		return []payment.Event{resolved("apply", "", 0), payment.RefundRequested{RefundID: "w", CaptureID: captureID, AmountMinor: 500,
			Currency: "USD", Reason: "operator", Code: "unrequested_refund", ConfirmBy: 50}, payment.Refunded{RefundID: "w"}}
	}
	s := given(t, moneyOf("c", 900), moneyOf("d", 500), asked).When(resolve("apply")).Then(book("d")...)
	require.EqualValues(t, 500, s.Sums(payment.Terms{Currency: "USD"}).RefundedMinor)
	given(t, moneyOf("c", 900), moneyOf("d", 499), asked).When(resolve("apply")).Then(book("c")...)
	given(t, moneyOf("c", 900), asked).When(resolve("dismiss")).Then(resolved("dismiss", "", 0))
}

func TestResolveReview_decisionThatDoesNotFit_isAConflict(t *testing.T) {
	asked := payment.ReviewRaised{ReviewID: "w", Reason: "unrequested_refund", AmountMinor: 500, Currency: "USD"}
	given(t, moneyOf("c", 900), asked).When(resolve("refund")).ThenRefused("review-decision-conflict")
	given(t, moneyOf("c", 499), asked).When(resolve("apply")).ThenRefused("review-decision-conflict") // never above captured
	given(t, payment.Captured{CaptureID: "c", AmountMinor: 900, Currency: "EUR"}, asked).When(resolve("apply")).ThenRefused("review-decision-conflict")
	asked.Code = "no_account" // it failed: nothing went back that could be booked
	given(t, moneyOf("c", 900), asked).When(resolve("apply")).ThenRefused("review-decision-conflict")
	given(t, moneyOf("c", 900), asked).When(resolve("dismiss")).Then(resolved("dismiss", "", 0))
}

func TestResolveReview_refusals(t *testing.T) {
	given(t, captured, duplicate).When(resolve("maybe")).ThenRefused("validation-failed")
	given(t, captured, duplicate).When(payment.ResolveReview{ReviewID: "w", Decision: "apply", NoteRef: "not a code"}).ThenRefused("validation-failed")
	given(t, captured).When(resolve("apply")).ThenRefused("unknown-review")
	given(t, captured, duplicate, payment.ReviewResolved{ReviewID: "w", Decision: "apply"}).When(resolve("apply")).ThenRefused("unknown-review")
}
