// Package money counts money in whole minor units of an ISO 4217 currency. There is no float in it, and no conversion.
package money

import (
	"errors"
	"fmt"
	"strings"
)

// Max is the largest amount, 2^53-1 minor units: every JSON reader can hold it.
const Max = 1<<53 - 1

// Errors that callers match.
var (
	ErrPrecision = errors.New("the amount has more decimals than its currency")
	ErrRange     = errors.New("the amount is too large")
	ErrSyntax    = errors.New("the amount is not a decimal number")
	ErrCurrency  = errors.New("not a currency of ISO 4217")
)

// Parse reads a JSON number, as its text, as minor units of a currency: 29.99 USD is 2999, 29.990 too, 29.999 is ErrPrecision.
// Exponents are not taken: they are no way to write a price.
func Parse(text, currency string) (int64, error) {
	decimals, ok := Decimals(currency)
	if !ok {
		return 0, ErrCurrency
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, dotted := strings.Cut(digits, ".")
	if whole == "" || dotted && fraction == "" || len(whole) > 1 && whole[0] == '0' {
		return 0, ErrSyntax
	}
	fraction = strings.TrimRight(fraction, "0")
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return 0, ErrSyntax
		}
	}
	if len(fraction) > decimals {
		return 0, fmt.Errorf("%w: %s has %d", ErrPrecision, currency, decimals)
	}
	var minor int64
	for _, r := range whole + fraction + strings.Repeat("0", decimals-len(fraction)) {
		if minor = minor*10 + int64(r-'0'); minor > Max {
			return 0, ErrRange
		}
	}
	if negative {
		minor = -minor
	}
	return minor, nil
}

// Add adds two amounts of one currency.
func Add(a, b int64) (int64, error) {
	sum := a + b // both within 2^53: cannot overflow
	if sum > Max || sum < -Max {
		return 0, ErrRange
	}
	return sum, nil
}

// Times multiplies a price >= 0 by a quantity >= 0.
func Times(price, quantity int64) (int64, error) {
	if price < 0 || quantity < 0 || price != 0 && quantity > Max/price {
		return 0, ErrRange
	}
	return price * quantity, nil
}
