package payment_test

import (
	"testing"

	"ordermill/domain/domaintest"
	"ordermill/domain/payment"
)

// TestRecordRefunded_keptAndSpentSince_isAQuestion: a review said that the money stays, another refund took it, and then
// somebody says, by its id alone, that the first one was paid out too.
func TestRecordRefunded_keptAndSpentSince_isAQuestion(t *testing.T) {
	failed := payment.RefundFailed{RefundID: "f", Code: "gone"}
	raised := payment.ReviewRaised{ReviewID: "v", Reason: payment.ReviewRefundFailed, CaptureID: "c", RefundID: "f", AmountMinor: 2999, Currency: "USD"}
	dismissed := payment.ReviewResolved{ReviewID: "v", Decision: payment.DecideDismiss, RefundID: "f"}
	other := payment.RefundRequested{RefundID: "g", CaptureID: "c", AmountMinor: 2999, Currency: "USD", Reason: payment.ReasonOperator}
	domaintest.Given(t, payment.Decider, []payment.Event{captured, refund, failed, raised, dismissed, other}...).
		When(payment.RecordRefunded{Answered: payment.Answered{RefundID: "f", ReviewID: "w"}}).
		Then(payment.ReviewRaised{ReviewID: "w", Reason: payment.ReviewUnrequestedRefund, RefundID: "f", AmountMinor: 2999, Currency: "USD"})
}
