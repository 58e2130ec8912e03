package money_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/money"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, currency string
		minor          int64
		err            error
	}{
		{"29.99", "USD", 2999, nil},
		{"29.990", "USD", 2999, nil},
		{"29.999", "USD", 0, money.ErrPrecision},
		{"0.1", "USD", 10, nil},
		{"30", "USD", 3000, nil},
		{"-0.01", "USD", -1, nil},
		{"1200", "JPY", 1200, nil},
		{"1200.00", "JPY", 1200, nil},
		{"1200.5", "JPY", 0, money.ErrPrecision},
		{"1.234", "KWD", 1234, nil},
		{"90071992547409.91", "USD", money.Max, nil},
		{"90071992547409.92", "USD", 0, money.ErrRange},
		{"99999999999999999999999999", "USD", 0, money.ErrRange},
		{"1e2", "USD", 0, money.ErrSyntax},
		{"01", "USD", 0, money.ErrSyntax},
		{".5", "USD", 0, money.ErrSyntax},
		{"5.", "USD", 0, money.ErrSyntax},
		{"", "USD", 0, money.ErrSyntax},
		{"1", "XXX", 0, money.ErrCurrency},
	} {
		minor, err := money.Parse(c.text, c.currency)
		require.ErrorIs(t, err, c.err, c.text)
		require.Equal(t, c.minor, minor, c.text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("29.99")
	f.Fuzz(func(t *testing.T, text string) {
		if minor, err := money.Parse(text, "USD"); err == nil && (minor > money.Max || minor < -money.Max) {
			t.Errorf("%q gave %d", text, minor)
		}
	})
}

func TestTimes_overflow_isAnError(t *testing.T) {
	_, err := money.Times(money.Max, 2)
	require.ErrorIs(t, err, money.ErrRange)
	got, err := money.Times(2999, 3)
	require.NoError(t, err)
	require.EqualValues(t, 8997, got)
	_, err = money.Add(money.Max, 1)
	require.ErrorIs(t, err, money.ErrRange)
}
