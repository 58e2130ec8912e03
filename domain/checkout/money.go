package checkout

import (
	"slices"

	"ordermill/domain/payment"
)

// match counts every new capture for the order, up to what is due.
func (s *step) match() {
	sums := s.Account.Sums(terms(s.Order))
	fresh := s.Account.Fresh()
	open := sums.DueMinor - sums.PaidMinor()
	for _, c := range fresh {
		open += s.Account.Undecided(c)
	}
	for _, c := range fresh {
		amount := s.Account.Undecided(c)
		applied := max(0, min(amount, open))
		s.account(payment.Match{CaptureID: c.CaptureID, AppliedMinor: applied, ExcessMinor: amount - applied})
		open -= applied
	}
}

// refundForeign sends back what came in another currency than the order's: nothing is converted.
func (s *step) refundForeign() {
	for _, c := range s.Account.Fresh() {
		if s.Order.Currency != "" && c.Currency != s.Order.Currency {
			s.refund(c, s.Account.Undecided(c), ReasonCurrencyMismatch)
		}
	}
}

// refundFresh sends back, whole, what came after the order was settled.
func (s *step) refundFresh(reason string) {
	for _, c := range s.Account.Fresh() {
		s.refund(c, s.Account.Undecided(c), reason)
	}
}

// refundExcess sends back what is more than was due, from the newest capture first.
func (s *step) refundExcess(excess int64) {
	for _, c := range slices.Backward(s.Account.Captures) {
		if c.Currency == s.Order.Currency {
			part := min(excess, s.Account.Left(c))
			s.refund(c, part, ReasonOverpayment)
			excess -= part
		}
	}
}

func (s *step) refund(c payment.Capture, amount int64, reason string) {
	if amount > 0 {
		s.account(payment.RequestRefund{RefundID: s.NewID("refund", c.CaptureID), CaptureID: c.CaptureID, AmountMinor: amount,
			Reason: reason, ConfirmBy: s.Now + s.ConfirmWithin})
	}
}
