package money

import (
	"fmt"
	"strings"
)

// Format is an amount as people write it: 2999 USD is 29.99 USD. A currency that is not known has no decimals.
func Format(minor int64, currency string) string {
	decimals, known := Decimals(currency)
	if !known {
		return strings.TrimSpace(fmt.Sprintf("%d %s", minor, currency))
	}
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	digits := fmt.Sprintf("%0*d", decimals+1, minor)
	whole, fraction := digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction + " " + currency
}
