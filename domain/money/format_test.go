package money

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormat(t *testing.T) {
	for want, got := range map[string]string{
		"29.99 USD": Format(2999, "USD"), "0.05 USD": Format(5, "USD"), "-0.05 USD": Format(-5, "USD"), "30 JPY": Format(30, "JPY"),
		"1.234 KWD": Format(1234, "KWD"), "5 XXY": Format(5, "XXY"), "0": Format(0, ""),
	} {
		require.Equal(t, want, got)
	}
}
