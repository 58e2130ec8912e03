package app

import "context"

// Provider is who takes the customers' money and sends it back. What a call asks for is asked at least once, with the same ids:
// the provider does it once. Answers may come at once, or later as letters.
type Provider interface {
	// Acts reports whether the provider deals with an order by itself. If not, letters and people bring the answers.
	Acts(orderID string) bool
	// Timing is how long the shop waits in an order's checkout, given what it waits otherwise.
	Timing(orderID string, shop Timing) Timing
	// Charge asks the customer for money; Withdraw stops asking, which may come too late.
	Charge(ctx context.Context, charge Charge) ([]Notice, error)
	Withdraw(ctx context.Context, charge Charge) ([]Notice, error)
	// Pay sends a refund's money back, Lookup tells what became of that.
	Pay(ctx context.Context, payout Payout) (PayoutResult, error)
	Lookup(ctx context.Context, payout Payout) (PayoutResult, error)
}

// Charge is one request for a customer's money.
type Charge struct {
	Key         string // idempotency key: the command that comes of it
	OrderID     string
	RequestID   string
	Attempt     int64
	AmountMinor int64
	Currency    string
}

// Notice is what a provider tells about a charge: Paid or Declined.
//
//sumtype:decl
type Notice interface{ notice() }

type (
	// Paid: money arrived. PaymentID names it store-wide.
	Paid struct {
		PaymentID   string
		AmountMinor int64
		Currency    string
	}
	// Declined: the customer could not pay; Code says why.
	Declined struct {
		Code      string
		Retryable bool
	}
)

func (Paid) notice()     {}
func (Declined) notice() {}

// Payout is a refund on its way to the customer.
type Payout struct {
	Key         string // idempotency key
	OrderID     string
	RefundID    string
	CaptureID   string
	AmountMinor int64
	Currency    string
	Attempt     int64
}

// PayoutResult is what became of a payout. Neither paid nor failed: nobody knows yet.
type PayoutResult struct {
	Paid   bool
	Failed string // why it failed, a code; "" if it did not
}

// known reports whether the provider knows what became of the payout.
func (r PayoutResult) known() bool { return r.Paid || r.Failed != "" }
