package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/money"
	"ordermill/domain/payment"
)

func TestStatus(t *testing.T) {
	due := payment.Terms{Currency: "USD", DueMinor: 2999, Exists: true}
	closed := payment.Terms{Currency: "USD", DueMinor: 2999, Exists: true, Closed: true}
	free := payment.Terms{Currency: "USD", Exists: true}
	door := payment.Terms{Exists: true, Closed: true}
	refunded := payment.Refunded{RefundID: "f"}
	part := payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 999, Currency: "USD"}
	for name, c := range map[string]struct {
		terms   payment.Terms
		history []payment.Event
		want    string
	}{
		"no order":                       {payment.Terms{}, []payment.Event{captured}, "unmatched"},
		"nothing yet":                    {due, nil, "none"},
		"asked":                          {due, []payment.Event{requested}, "requested"},
		"failed":                         {due, []payment.Event{requested, payment.Failed{RequestID: "q", Code: "declined"}}, "failed"},
		"asked again after failure":      {due, []payment.Event{requested, payment.Failed{RequestID: "q", Code: "declined"}, payment.Requested{RequestID: "r"}}, "requested"},
		"closed without money":           {closed, []payment.Event{requested}, "voided"},
		"free":                           {free, nil, "paid"},
		"free, closed":                   {payment.Terms{Currency: "USD", Exists: true, Closed: true}, nil, "voided"},
		"exact":                          {due, []payment.Event{captured}, "paid"},
		"partial":                        {due, []payment.Event{payment.Captured{CaptureID: "c", AmountMinor: 1, Currency: "USD"}}, "partially_paid"},
		"over":                           {due, []payment.Event{captured, payment.Captured{CaptureID: "d", AmountMinor: 1, Currency: "USD"}}, "overpaid"},
		"excess going back":              {due, []payment.Event{payment.Captured{CaptureID: "c", AmountMinor: 3998, Currency: "USD"}, part}, "paid"},
		"foreign money only":             {due, []payment.Event{requested, payment.Captured{CaptureID: "c", AmountMinor: 2999, Currency: "EUR"}}, "requested"},
		"all going back":                 {closed, []payment.Event{captured, refund}, "refund_pending"},
		"failed refund is still open":    {closed, []payment.Event{captured, refund, payment.RefundFailed{RefundID: "f", Code: "x"}}, "refund_pending"},
		"all gone back":                  {closed, []payment.Event{captured, refund, refunded}, "refunded"},
		"part gone back":                 {due, []payment.Event{captured, part, refunded}, "partially_refunded"},
		"rejected at the door, pending":  {door, []payment.Event{captured, refund}, "refund_pending"},
		"rejected at the door, refunded": {door, []payment.Event{captured, refund, refunded}, "refunded"},
		"free, gift going back":          {free, []payment.Event{captured, refund}, "paid"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, payment.Decider.Fold(payment.State{}, c.history...).Status(c.terms))
		})
	}
}

func TestSums_currenciesNeverMix(t *testing.T) {
	s := payment.Decider.Fold(payment.State{}, captured, payment.Captured{CaptureID: "d", AmountMinor: 7, Currency: "EUR"}, refund,
		payment.RefundRequested{RefundID: "g", CaptureID: "d", AmountMinor: 7, Currency: "EUR"}, payment.Refunded{RefundID: "g"})
	require.Equal(t, payment.Sums{Currency: "USD", DueMinor: 5000, CapturedMinor: 2999, RefundPendingMinor: 2999, OutstandingMinor: 5000},
		s.Sums(payment.Terms{Currency: "USD", DueMinor: 5000, Exists: true}))
	require.Equal(t, payment.Sums{Currency: "EUR", CapturedMinor: 7, RefundedMinor: 7},
		s.Sums(payment.Terms{Currency: "EUR", Exists: true}))
	require.Equal(t, "USD", s.Sums(payment.Terms{}).Currency, "without an order: the first capture's")
}

func TestSums_moreThanFits_doesNotWrap(t *testing.T) {
	var s payment.State
	for range 1025 {
		s = payment.Decider.Evolve(s, payment.Captured{AmountMinor: money.Max, Currency: "USD"})
	}
	require.Positive(t, s.Sums(payment.Terms{}).CapturedMinor)
}

func TestOutcome_ofACapture(t *testing.T) {
	for want, history := range map[string][]payment.Event{
		"received":  {captured},
		"unmatched": {captured, payment.Unmatched{CaptureID: "c", ParkUntil: 7}},
		"applied":   {captured, matched, payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 1, Currency: "USD"}},
		"refunding": {captured, matched, refund},
		"refunded":  {captured, refund, payment.Refunded{RefundID: "f"}},
	} {
		s := payment.Decider.Fold(payment.State{}, history...)
		require.Equal(t, want, s.Outcome(s.Captures[0]))
	}
}

// Money that a review kept is here, was never counted for the order, and goes nowhere: its outcome is what it was before the refund.
func TestOutcome_keptByAReview_isWhatItWasBefore(t *testing.T) {
	kept := payment.ReviewResolved{ReviewID: "v", Decision: payment.DecideDismiss, RefundID: "f"}
	for want, before := range map[string][]payment.Event{
		"received":  {captured},
		"unmatched": {captured, payment.Unmatched{CaptureID: "c", ParkUntil: 7}},
		"applied":   {captured, matched},
	} {
		s := payment.Decider.Fold(payment.State{}, append(before, refund, payment.RefundFailed{RefundID: "f", Code: "x"}, kept)...)
		require.Equal(t, want, s.Outcome(s.Captures[0]))
		require.Empty(t, s.Fresh(), "nobody decides about it any more")
	}
}

func TestSums_whatWasRefundedOfASettledOrder_isNotOutstanding(t *testing.T) {
	part := payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 999, Currency: "USD"}
	account := payment.Decider.Fold(payment.State{}, captured, part, payment.Refunded{RefundID: "f"})
	due := payment.Terms{Currency: "USD", DueMinor: 2999, Exists: true}
	require.EqualValues(t, 999, account.Sums(due).OutstandingMinor)
	due.Settled = true
	require.Zero(t, account.Sums(due).OutstandingMinor)
	require.Equal(t, "partially_refunded", account.Status(due))
}
