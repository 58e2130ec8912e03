// Package simulator is a payment provider for demonstrations and tests. It deals with an order only if its id carries a rule,
// demo-<rule>-<anything>, and always answers the same to the same question: it keeps nothing.
//
// Time runs fast for such orders, so that one can watch them expire. It is no provider for a shop whose customers choose their
// order ids: it is only on where the demo catalogue is.
package simulator

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ordermill/app"
)

// Rules that an order's id may carry.
const (
	Pays         = "pays"         // at once, exactly
	PaysLate     = "late"         // when it is not asked any more
	PaysTwice    = "twice"        // the same amount, two payments
	PaysTooMuch  = "toomuch"      // 5.00 more
	PaysTooLow   = "toolittle"    // half
	PaysForeign  = "foreign"      // the amount in another currency
	Declines     = "declines"     // for good
	Retries      = "retries"      // declined twice, then it pays
	Exhausts     = "exhausts"     // declined each time, although it might be tried again
	Never        = "never"        // says nothing
	RefundFails  = "refundfails"  // pays too much; the refund fails as often as the number behind the rule says, refundfails2
	RefundStuck  = "refundstuck"  // pays too much; the refund always fails
	RefundSilent = "refundsilent" // pays too much; nobody ever says what became of the refund
)

// excess is what PaysTooMuch pays more than it is asked for, in minor units.
const excess = 500

// fast are the waits of orders with a rule.
var fast = app.Timing{PaymentWindow: 3 * time.Second, HoldGrace: 2 * time.Second, UnmatchedFor: 3 * time.Second,
	ConfirmWithin: 4 * time.Second, RefundRetry: 5 * time.Millisecond}

// Provider is the simulated payment provider.
type Provider struct{}

var _ app.Provider = Provider{}

// Rule is the rule in an order's id, without its number; "" if it carries none.
func Rule(orderID string) string {
	rule, _ := ruleOf(orderID)
	return rule
}

func ruleOf(orderID string) (rule string, number int64) {
	parts := strings.SplitN(orderID, "-", 3)
	if len(parts) < 3 || parts[0] != "demo" {
		return "", 0
	}
	rule = strings.TrimRight(parts[1], "0123456789")
	number, _ = strconv.ParseInt(parts[1][len(rule):], 10, 64)
	return rule, number
}

// Acts reports whether the order's id carries a rule.
func (Provider) Acts(orderID string) bool { return Rule(orderID) != "" }

// Timing lets time run fast for orders with a rule.
func (Provider) Timing(orderID string, shop app.Timing) app.Timing {
	if Rule(orderID) == "" {
		return shop
	}
	return fast
}

// Charge pays, or not, as the rule says.
func (Provider) Charge(_ context.Context, c app.Charge) ([]app.Notice, error) {
	paid := app.Paid{PaymentID: "sim-" + c.RequestID, AmountMinor: c.AmountMinor, Currency: c.Currency}
	rule, _ := ruleOf(c.OrderID)
	switch rule {
	case PaysLate, Never:
		return nil, nil
	case PaysTwice:
		again := paid
		again.PaymentID += "-again"
		return []app.Notice{paid, again}, nil
	case PaysTooMuch, RefundFails, RefundStuck, RefundSilent:
		paid.AmountMinor += excess
	case PaysTooLow:
		paid.AmountMinor = max(1, paid.AmountMinor/2)
	case PaysForeign:
		paid.Currency = "EUR"
		if c.Currency == paid.Currency {
			paid.Currency = "USD"
		}
	case Declines:
		return []app.Notice{app.Declined{Code: "card_declined"}}, nil
	case Retries:
		if c.Attempt < 3 {
			return []app.Notice{app.Declined{Code: "insufficient_funds", Retryable: true}}, nil
		}
	case Exhausts:
		return []app.Notice{app.Declined{Code: "insufficient_funds", Retryable: true}}, nil
	}
	return []app.Notice{paid}, nil
}

// Withdraw comes too late where the rule says so.
func (Provider) Withdraw(_ context.Context, c app.Charge) ([]app.Notice, error) {
	if Rule(c.OrderID) != PaysLate {
		return nil, nil
	}
	return []app.Notice{app.Paid{PaymentID: "sim-" + c.RequestID, AmountMinor: c.AmountMinor, Currency: c.Currency}}, nil
}

// Pay refunds, or not, as the rule says.
func (Provider) Pay(_ context.Context, p app.Payout) (app.PayoutResult, error) {
	rule, times := ruleOf(p.OrderID)
	switch {
	case rule == RefundSilent:
		return app.PayoutResult{}, nil
	case rule == RefundStuck || rule == RefundFails && p.Attempt <= times:
		return app.PayoutResult{Failed: "provider_unavailable"}, nil
	}
	return app.PayoutResult{Paid: true}, nil
}

// Lookup knows nothing: what there was to say was said at once.
func (Provider) Lookup(context.Context, app.Payout) (app.PayoutResult, error) {
	return app.PayoutResult{}, nil
}
