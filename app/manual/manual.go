// Package manual is the payment provider of a shop that has none: customers' money arrives as letters, and people or letters
// tell what became of refunds.
package manual

import (
	"context"

	"ordermill/app"
)

// Provider asks nobody and knows nothing.
type Provider struct{}

var _ app.Provider = Provider{}

// Acts is false for every order.
func (Provider) Acts(string) bool { return false }

// Timing is the shop's for every order.
func (Provider) Timing(_ string, shop app.Timing) app.Timing { return shop }

// Charge leaves it to the customer.
func (Provider) Charge(context.Context, app.Charge) ([]app.Notice, error) { return nil, nil }

// Withdraw has nothing to stop.
func (Provider) Withdraw(context.Context, app.Charge) ([]app.Notice, error) { return nil, nil }

// Pay leaves it to people.
func (Provider) Pay(context.Context, app.Payout) (app.PayoutResult, error) {
	return app.PayoutResult{}, nil
}

// Lookup does not know.
func (Provider) Lookup(context.Context, app.Payout) (app.PayoutResult, error) {
	return app.PayoutResult{}, nil
}
