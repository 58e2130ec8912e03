package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/app/simulator"
)

func TestActs_onlyOnOrdersWithARule(t *testing.T) {
	for id, acts := range map[string]bool{
		"demo-pays-1": true, "demo-refundfails3-a-b": true, "123": false, "demo-1": false, "demo": false, "Demo-pays-1": false, "demo--1": false,
	} {
		require.Equal(t, acts, simulator.Provider{}.Acts(id), id)
		timing := simulator.Provider{}.Timing(id, app.DefaultTiming)
		require.Equal(t, acts, timing.PaymentWindow < time.Minute, id)
	}
}

func TestCharge_asTheRuleSays(t *testing.T) {
	paid := func(id string, amount int64, currency string) app.Notice {
		return app.Paid{PaymentID: id, AmountMinor: amount, Currency: currency}
	}
	for rule, want := range map[string][]app.Notice{
		simulator.Pays:        {paid("sim-q", 1001, "USD")},
		simulator.PaysLate:    nil,
		simulator.Never:       nil,
		simulator.PaysTwice:   {paid("sim-q", 1001, "USD"), paid("sim-q-again", 1001, "USD")},
		simulator.PaysTooMuch: {paid("sim-q", 1501, "USD")},
		simulator.PaysTooLow:  {paid("sim-q", 500, "USD")},
		simulator.PaysForeign: {paid("sim-q", 1001, "EUR")},
		simulator.Declines:    {app.Declined{Code: "card_declined"}},
		simulator.Retries:     {app.Declined{Code: "insufficient_funds", Retryable: true}},
		simulator.Exhausts:    {app.Declined{Code: "insufficient_funds", Retryable: true}},
	} {
		got, err := simulator.Provider{}.Charge(t.Context(), app.Charge{OrderID: "demo-" + rule + "-1", RequestID: "q", Attempt: 1, AmountMinor: 1001, Currency: "USD"})
		require.NoError(t, err)
		require.Equal(t, want, got, rule)
	}
	third, err := simulator.Provider{}.Charge(t.Context(), app.Charge{OrderID: "demo-retries-1", RequestID: "q", Attempt: 3, AmountMinor: 1, Currency: "USD"})
	require.NoError(t, err)
	require.Equal(t, []app.Notice{paid("sim-q", 1, "USD")}, third)
}

func TestWithdraw_aLatePayerPaysAllTheSame(t *testing.T) {
	charge := app.Charge{OrderID: "demo-late-1", RequestID: "q", AmountMinor: 5, Currency: "USD"}
	notices, err := simulator.Provider{}.Withdraw(t.Context(), charge)
	require.NoError(t, err)
	require.Equal(t, []app.Notice{app.Paid{PaymentID: "sim-q", AmountMinor: 5, Currency: "USD"}}, notices)
	charge.OrderID = "demo-never-1"
	notices, err = simulator.Provider{}.Withdraw(t.Context(), charge)
	require.NoError(t, err)
	require.Empty(t, notices)
}

func TestPay_failsAsOftenAsTheRuleSays(t *testing.T) {
	for _, c := range []struct {
		id      string
		attempt int64
		want    app.PayoutResult
	}{
		{"demo-pays-1", 1, app.PayoutResult{Paid: true}},
		{"demo-refundfails2-1", 1, app.PayoutResult{Failed: "provider_unavailable"}},
		{"demo-refundfails2-1", 2, app.PayoutResult{Failed: "provider_unavailable"}},
		{"demo-refundfails2-1", 3, app.PayoutResult{Paid: true}},
		{"demo-refundstuck-1", 9, app.PayoutResult{Failed: "provider_unavailable"}},
		{"demo-refundsilent-1", 1, app.PayoutResult{}},
	} {
		got, err := simulator.Provider{}.Pay(t.Context(), app.Payout{OrderID: c.id, Attempt: c.attempt})
		require.NoError(t, err)
		require.Equal(t, c.want, got, c)
	}
}
