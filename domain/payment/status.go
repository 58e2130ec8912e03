package payment

import "math"

// Values of Terms.Status: payment_status of the REST contract.
const (
	StatusUnmatched         = "unmatched"
	StatusNone              = "none"
	StatusRequested         = "requested"
	StatusFailed            = "failed"
	StatusPartiallyPaid     = "partially_paid"
	StatusPaid              = "paid"
	StatusOverpaid          = "overpaid"
	StatusRefundPending     = "refund_pending"
	StatusPartiallyRefunded = "partially_refunded"
	StatusRefunded          = "refunded"
	StatusVoided            = "voided"
)

// Outcomes of a capture, as the REST contract names them.
const (
	OutcomeReceived  = "received"  // on the account, and not counted for the order: nobody decided yet, or a review kept it, for good
	OutcomeUnmatched = "unmatched" // it came without an order: it waits for one, or a review kept it
	OutcomeApplied   = "applied"
	OutcomeRefunding = "refunding"
	OutcomeRefunded  = "refunded"
	OutcomeMoved     = "reassigned" // to another order's account
)

// Terms is what an account is about; the order knows it.
type Terms struct {
	Currency string // of the order; "" if it was rejected at the door or does not exist: then the first capture's
	DueMinor int64  // its grand total
	Exists   bool
	Settled  bool // was paid in full and confirmed: what was refunded since is not asked for again
	Closed   bool // ended without being delivered
}

// Sums are an account's totals in one currency, which other currencies never enter.
type Sums struct {
	Currency           string
	DueMinor           int64
	CapturedMinor      int64
	RefundedMinor      int64
	RefundPendingMinor int64
	OutstandingMinor   int64 // still to be paid; 0 once the order is settled or closed
}

// PaidMinor is what was captured and does not go back, nor went.
func (s Sums) PaidMinor() int64 { return s.CapturedMinor - s.RefundedMinor - s.RefundPendingMinor }

// BalanceMinor is the money that is there: captured and not yet refunded.
func (s Sums) BalanceMinor() int64 { return s.CapturedMinor - s.RefundedMinor }

// Sums adds the account up.
func (s State) Sums(terms Terms) Sums {
	sums := Sums{Currency: terms.Currency, DueMinor: terms.DueMinor}
	if sums.Currency == "" && len(s.Captures) > 0 {
		sums.Currency = s.Captures[0].Currency
	}
	for _, c := range s.Captures {
		if c.Currency == sums.Currency && c.ToOrderID == "" {
			sums.CapturedMinor = plus(sums.CapturedMinor, c.AmountMinor)
		}
	}
	for _, r := range s.Refunds {
		switch {
		case r.Currency != sums.Currency:
		case r.Status == RefundDone:
			sums.RefundedMinor = plus(sums.RefundedMinor, r.AmountMinor)
		case r.Open():
			sums.RefundPendingMinor = plus(sums.RefundPendingMinor, r.AmountMinor)
		}
	}
	if !terms.Settled && !terms.Closed {
		sums.OutstandingMinor = max(0, sums.DueMinor-sums.PaidMinor())
	}
	return sums
}

// plus adds amounts. Facts are not refused, so a sum that no int64 can hold stays at the largest one.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Status is the account's payment_status.
func (s State) Status(terms Terms) string {
	sums := s.Sums(terms)
	paid, due, refunds := sums.PaidMinor(), sums.DueMinor, sums.RefundedMinor+sums.RefundPendingMinor
	switch {
	case !terms.Exists:
		return StatusUnmatched
	case sums.CapturedMinor == 0:
		return s.unpaidStatus(terms)
	case paid > due:
		return StatusOverpaid
	case paid == due && !(terms.Closed && paid == 0): // what is closed with nothing left was refunded, even if nothing was due
		return StatusPaid
	case refunds == 0:
		return StatusPartiallyPaid
	case sums.RefundPendingMinor > 0:
		return StatusRefundPending
	case paid == 0:
		return StatusRefunded
	default:
		return StatusPartiallyRefunded
	}
}

// unpaidStatus is the payment_status of an account without money in the order's currency.
func (s State) unpaidStatus(terms Terms) string {
	request, asked := s.LastRequest()
	switch {
	case terms.Closed:
		return StatusVoided
	case terms.DueMinor == 0:
		return StatusPaid
	case asked && request.FailedCode != "":
		return StatusFailed
	case asked:
		return StatusRequested
	default:
		return StatusNone
	}
}

// Outcome tells what became of a capture. One of which only a part goes back, its excess, stays applied.
func (s State) Outcome(c Capture) string {
	whole, pending := s.Left(c) == 0, false
	for _, r := range s.Refunds {
		pending = pending || r.CaptureID == c.CaptureID && r.Open()
	}
	switch {
	case c.ToOrderID != "":
		return OutcomeMoved
	case whole && pending:
		return OutcomeRefunding
	case whole:
		return OutcomeRefunded
	case c.Matched:
		return OutcomeApplied
	case c.ParkUntil != 0:
		return OutcomeUnmatched
	default:
		return OutcomeReceived
	}
}
