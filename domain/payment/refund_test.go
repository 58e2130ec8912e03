package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/money"
	"ordermill/domain/payment"
)

var (
	refunded = payment.Refunded{RefundID: "f"}
	// The ladder of these tests: two new tries, an answer within 100 ms.
	ladder = payment.Ladder{Waits: []int64{10, 50}, Confirm: 100}
	manual = payment.Ladder{}
)

// moneyOf is a capture of some dollars.
func moneyOf(id string, amount int64) payment.Captured {
	return payment.Captured{CaptureID: id, AmountMinor: amount, Currency: "USD"}
}

func refundOf(id, captureID string, amount int64) payment.RefundRequested {
	return payment.RefundRequested{RefundID: id, CaptureID: captureID, AmountMinor: amount, Currency: "USD", Reason: "operator"}
}

func done(refundID string) payment.RecordRefunded {
	return payment.RecordRefunded{Answered: payment.Answered{RefundID: refundID, ReviewID: "v"}}
}

func failed(refundID string, retry payment.Ladder, now int64) payment.RecordRefundFailed {
	return payment.RecordRefundFailed{Answered: payment.Answered{RefundID: refundID, ReviewID: "v"}, Code: "no_account", Retry: retry, Now: now}
}

func sum(amount int64) payment.Answered {
	return payment.Answered{AmountMinor: amount, Currency: "USD", ReviewID: "v"}
}

func TestRequestRefund_withoutACapture_comesFromTheNewestWithEnoughLeft(t *testing.T) {
	ask := payment.RequestRefund{RefundID: "f", AmountMinor: 60, Currency: "USD", Reason: "operator", Code: "broken", ConfirmBy: 7}
	from := func(captureID string) payment.RefundRequested {
		return payment.RefundRequested{RefundID: "f", CaptureID: captureID, AmountMinor: 60, Currency: "USD", Reason: "operator", Code: "broken", ConfirmBy: 7}
	}
	euros := payment.Captured{CaptureID: "e", AmountMinor: 100, Currency: "EUR"}
	given(t, moneyOf("c", 100), moneyOf("d", 60), euros).When(ask).Then(from("d"))
	given(t, moneyOf("c", 100), moneyOf("d", 59), euros).When(ask).Then(from("c"))
	given(t, moneyOf("c", 100), moneyOf("d", 60), refundOf("g", "d", 1)).When(ask).Then(from("c"))
	given(t, moneyOf("c", 30), moneyOf("d", 30)).When(ask).ThenRefused("refund-exceeds-captured") // one refund, one capture
	given(t, euros).When(ask).ThenRefused("refund-exceeds-captured")
}

func TestRefundUnmatched_whatStillWaits_goesBackWhole(t *testing.T) {
	parked := payment.Unmatched{CaptureID: "c", ParkUntil: 9}
	ask := payment.RefundUnmatched{RefundID: "f", CaptureID: "c", Reason: "unknown_order", ConfirmBy: 7}
	back := payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 100, Currency: "USD", Reason: "unknown_order", ConfirmBy: 7}
	given(t, moneyOf("c", 100), parked).When(ask).Then(back)
	given(t, moneyOf("c", 100), parked, back).When(ask).Then()
	given(t).When(ask).ThenRefused("unknown-capture")
	for name, history := range map[string][]payment.Event{
		"not parked":     {moneyOf("c", 100)},
		"matched":        {moneyOf("c", 100), parked, payment.Matched{CaptureID: "c", AppliedMinor: 100}},
		"refunded":       {moneyOf("c", 100), parked, refundOf("g", "c", 100)},
		"partly booked":  {moneyOf("c", 100), parked, refundOf("g", "c", 1)},
		"moved by hand":  {moneyOf("c", 100), parked, payment.Reassigned{CaptureID: "c", ToOrderID: "p"}},
		"kept by review": {moneyOf("c", 100), parked, refundOf("g", "c", 100), payment.ReviewResolved{RefundID: "g", Decision: "dismiss"}},
	} {
		t.Run(name, func(t *testing.T) { given(t, history...).When(ask).ThenRefused("capture-not-unmatched") })
	}
}

func TestRecordRefunded_isBookedOnce(t *testing.T) {
	given(t, captured, refund).When(done("f")).Then(refunded)
	given(t, captured, refund, refunded).When(done("f")).Then()
	given(t, captured).When(done("f")).ThenRefused("unknown-refund")
}

func TestRecordRefunded_afterAFailure_isAccepted(t *testing.T) {
	for name, failure := range map[string]payment.RefundFailed{
		"to be tried again": {RefundID: "f", Code: "x", RetryAt: 10, ConfirmBy: 110}, "given up": {RefundID: "f", Code: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			s := given(t, captured, refund, failure).When(done("f")).Then(refunded)
			require.Equal(t, payment.RefundDone, s.Refunds[0].Status)
			require.Empty(t, s.Refunds[0].FailedCode)
		})
	}
}

func TestRecordRefunded_byAmount_isTheOldestOpenOneOfThatAmount(t *testing.T) {
	history := []payment.Event{moneyOf("c", 100), refundOf("f", "c", 20), refundOf("g", "c", 30), refundOf("h", "c", 20)}
	given(t, history...).When(payment.RecordRefunded{Answered: sum(20)}).Then(refunded)
	given(t, append(history, refunded)...).When(payment.RecordRefunded{Answered: sum(20)}).Then(payment.Refunded{RefundID: "h"})
	given(t, append(history, payment.RefundFailed{RefundID: "f", Code: "x"})...).When(payment.RecordRefunded{Answered: sum(20)}).
		Then(refunded) // a failed one is still open
}

func TestRecordRefunded_unrequested_asksAPersonOnce(t *testing.T) {
	raised := func(refundID string, amount int64, currency string) payment.ReviewRaised {
		return payment.ReviewRaised{ReviewID: "v", Reason: "unrequested_refund", RefundID: refundID, AmountMinor: amount, Currency: currency}
	}
	history := []payment.Event{captured, refund}
	given(t, history...).When(payment.RecordRefunded{Answered: sum(7)}).Then(raised("", 7, "USD"))
	given(t, append(history, raised("", 7, "USD"))...).When(payment.RecordRefunded{Answered: sum(7)}).Then()
	given(t, append(history, refunded)...).When(payment.RecordRefunded{Answered: sum(2999)}).Then(raised("", 2999, "USD")) // none is open
	named := payment.Answered{RefundID: "other", AmountMinor: 2999, Currency: "USD", ReviewID: "v"}
	given(t, history...).When(payment.RecordRefunded{Answered: named}).Then(raised("other", 2999, "USD"))
	named = payment.Answered{RefundID: "f", AmountMinor: 2999, Currency: "EUR", ReviewID: "v"} // the id fits, the money does not
	given(t, history...).When(payment.RecordRefunded{Answered: named}).Then(raised("f", 2999, "EUR"))
}

func TestRecordRefunded_answersTheReviewsThatWaitForIt(t *testing.T) {
	review := payment.ReviewRaised{ReviewID: "w", Reason: "refund_failed", CaptureID: "c", RefundID: "f", AmountMinor: 2999, Currency: "USD", Code: "x"}
	s := given(t, captured, refund, payment.RefundFailed{RefundID: "f", Code: "x"}, review).When(done("f")).
		Then(refunded, payment.ReviewResolved{ReviewID: "w", Decision: "apply", RefundID: "f"})
	require.False(t, s.NeedsReview())
	require.Equal(t, payment.RefundDone, s.Refunds[0].Status)
}

func TestRecordRefunded_ofWhatAReviewKept(t *testing.T) {
	kept := []payment.Event{captured, refund, payment.ReviewResolved{ReviewID: "w", Decision: "dismiss", RefundID: "f"}}
	given(t, kept...).When(done("f")).Then(refunded) // it went back after all, and is there to go
	another := append(kept, refundOf("g", "c", 1))
	given(t, another...).When(payment.RecordRefunded{Answered: payment.Answered{RefundID: "f", AmountMinor: 2999, Currency: "USD", ReviewID: "v"}}).
		Then(payment.ReviewRaised{ReviewID: "v", Reason: "unrequested_refund", RefundID: "f", AmountMinor: 2999, Currency: "USD"})
}

func TestRecordRefundFailed_climbsTheLadder_thenGivesUp(t *testing.T) {
	first := payment.RefundFailed{RefundID: "f", Code: "no_account", RetryAt: 1010, ConfirmBy: 1110}
	second := payment.RefundFailed{RefundID: "f", Code: "no_account", RetryAt: 2050, ConfirmBy: 2150}
	last := payment.RefundFailed{RefundID: "f", Code: "no_account"}
	s := given(t, captured, refund).When(failed("f", ladder, 1000)).Then(first)
	require.EqualValues(t, 2, s.Refunds[0].Attempts)
	require.True(t, s.Refunds[0].Open())
	given(t, captured, refund, first).When(failed("f", ladder, 2000)).Then(second)
	s = given(t, captured, refund, first, second).When(failed("f", ladder, 3000)).Then(last)
	require.EqualValues(t, 3, s.Refunds[0].Attempts)
	require.Zero(t, s.Refunds[0].RetryAt)
	require.True(t, s.Refunds[0].Open(), "it is pending until a review closes it")
	given(t, captured, refund, first, second, last).When(failed("f", ladder, 4000)).Then()
}

func TestRecordRefundFailed_manual_isNotTriedAgain(t *testing.T) {
	given(t, captured, refund).When(failed("f", manual, 1000)).Then(payment.RefundFailed{RefundID: "f", Code: "no_account"})
}

func TestRecordRefundFailed_afterSuccess_asksAPersonAndChangesNoSum(t *testing.T) {
	raised := payment.ReviewRaised{ReviewID: "v", Reason: "refund_reversed", CaptureID: "c", RefundID: "f", AmountMinor: 2999, Currency: "USD", Code: "no_account"}
	s := given(t, captured, refund, refunded).When(failed("f", ladder, 1)).Then(raised)
	require.EqualValues(t, 2999, s.Sums(payment.Terms{Currency: "USD"}).RefundedMinor)
	given(t, captured, refund, refunded, raised).When(failed("f", ladder, 1)).Then()
}

func TestRecordRefundFailed_ofWhatAReviewKept_isNothing(t *testing.T) {
	given(t, captured, refund, payment.ReviewResolved{ReviewID: "w", Decision: "dismiss", RefundID: "f"}).When(failed("f", ladder, 1)).Then()
}

func TestRecordRefundFailed_byAmount(t *testing.T) {
	c := payment.RecordRefundFailed{Answered: sum(2999), Code: "x"}
	given(t, captured, refund).When(c).Then(payment.RefundFailed{RefundID: "f", Code: "x"})
	given(t, captured).When(c).Then(payment.ReviewRaised{ReviewID: "v", Reason: "unrequested_refund", AmountMinor: 2999, Currency: "USD", Code: "x"})
	given(t, captured).When(failed("f", ladder, 1)).ThenRefused("unknown-refund")
}

func TestRefundAnswers_amountsThatAreNone_areRefused(t *testing.T) {
	for _, amount := range []int64{-1, money.Max + 1} {
		given(t, captured, refund).When(payment.RecordRefunded{Answered: sum(amount)}).ThenRefused("validation-failed")
		given(t, captured, refund).When(payment.RecordRefundFailed{Answered: sum(amount)}).ThenRefused("validation-failed")
	}
}

// I8: what is pending or gone is never to go a second time; what a review kept is.
func TestLeft_isWhatIsNeitherGoneNorGoing(t *testing.T) {
	part := refundOf("f", "c", 1000)
	keep := payment.ReviewResolved{ReviewID: "w", Decision: "dismiss", RefundID: "f"}
	for name, c := range map[string]struct {
		history []payment.Event
		want    int64
	}{
		"nothing asked": {nil, 2999},
		"pending":       {[]payment.Event{part}, 1999},
		"failed":        {[]payment.Event{part, payment.RefundFailed{RefundID: "f"}}, 1999},
		"done":          {[]payment.Event{part, refunded}, 1999},
		"kept":          {[]payment.Event{part, keep}, 2999},
		"moved":         {[]payment.Event{payment.Reassigned{CaptureID: "c", ToOrderID: "p"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := payment.Decider.Fold(payment.State{}, append([]payment.Event{captured}, c.history...)...)
			require.Equal(t, c.want, s.Left(s.Captures[0]))
		})
	}
}

// A person who sent back a part of money before the checkout had looked at it took the rest out of everybody's sight: it was
// neither counted nor sent back. TestInvariants finds it too.
func TestUndecided_partSentBackByAPerson_leavesTheRestToDecide(t *testing.T) {
	s := payment.Decider.Fold(payment.State{}, moneyOf("c", 100), refundOf("f", "c", 30))
	require.EqualValues(t, 70, s.Undecided(s.Captures[0]))
	require.Len(t, s.Fresh(), 1)
	for name, history := range map[string][]payment.Event{
		"matched": {payment.Matched{CaptureID: "c"}}, "moved": {payment.Reassigned{CaptureID: "c", ToOrderID: "p"}},
		"refunded": {refundOf("g", "c", 70)}, "kept": {refundOf("g", "c", 70), payment.ReviewResolved{RefundID: "g", Decision: "dismiss"}},
	} {
		t.Run(name, func(t *testing.T) { require.Empty(t, payment.Decider.Fold(s.Clone(), history...).Fresh()) })
	}
}
