package demo

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

// What went back is told in each of its currencies: cents of one are never added to those of another, nor called the shop's own.
func TestEnded_tellsWhatWentBackByCurrency(t *testing.T) {
	account := v1.Account{PaymentStatus: "refunded", Refunds: []v1.Refund{
		{AmountMinor: 1495, Currency: "USD", Status: "refunded"}, {AmountMinor: 5, Currency: "USD", Status: "refunded"},
		{AmountMinor: 700, Currency: "EUR", Status: "refunded"}, {AmountMinor: 300, Currency: "JPY", Status: "refunded"},
		{AmountMinor: 9, Currency: "CHF", Status: "requested"},
	}}
	require.Equal(t, "expired, refunded, 7.00 EUR sent back, 300 JPY sent back, 15.00 USD sent back",
		ended(v1.Order{Status: "expired", FulfillmentStatus: "unfulfilled"}, account))
}
