package e2e_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
)

// TestUnmatchedMoney_isGivenToAnOrder_orSentBack, by its capture's id alone: a read model knows on which account it waits.
func TestUnmatchedMoney_isGivenToAnOrder_orSentBack(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Data: t.TempDir(), Demo: true})
	s.letter(orderLetter("1"))
	eventually(t, func() error { return s.status("1", "awaiting_payment", "requested") })
	money := func(orderID string) (captureID string) {
		paid, err := s.RecordPayment(t.Context(), orderID, v1.RecordPayment{PaymentID: "for-" + orderID, AmountMinor: 2999})
		require.NoError(t, err)
		return paid.Body.CaptureID
	}
	mistyped, strange := money("l"), money("nobody")
	_, err := s.MatchCapture(t.Context(), "never-seen", v1.MatchCapture{OrderID: "1"})
	require.Equal(t, v1.UnknownCapture, code(t, err))
	match := func() error {
		_, err := s.MatchCapture(t.Context(), mistyped, v1.MatchCapture{OrderID: "1"}, client.Key("match"))
		return err
	}
	eventually(t, match)
	s.confirmed("1")
	require.NoError(t, match(), "the same request again has the same answer")
	_, err = s.MatchCapture(t.Context(), mistyped, v1.MatchCapture{OrderID: "nobody"})
	require.Error(t, err)

	eventually(t, func() error { _, err := s.RefundCapture(t.Context(), strange); return err })
	_, err = s.RefundCapture(t.Context(), strange)
	require.Equal(t, v1.CaptureNotUnmatched, code(t, err))
}

// TestReview_ofConflictingMoney_isResolved, by its own id alone.
func TestReview_ofConflictingMoney_isResolved(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Data: t.TempDir(), Demo: true})
	s.letter(orderLetter("1"))
	for _, amount := range []int64{1000, 1999} { // two payments under one id
		_, err := s.RecordPayment(t.Context(), "1", v1.RecordPayment{PaymentID: "p", AmountMinor: amount})
		require.NoError(t, err)
	}
	var review string
	eventually(t, func() error {
		account, err := s.Account(t.Context(), "1")
		if err == nil && len(account.Reviews) == 0 {
			return errors.New("no review yet")
		}
		if err == nil {
			review = account.Reviews[0].ReviewID
		}
		return err
	})
	eventually(t, func() error {
		resolved, err := s.ResolveReview(t.Context(), review, v1.ResolveReview{Decision: "apply"}, client.Key("decided"))
		if err == nil {
			require.False(t, resolved.Body.NeedsReview)
		}
		return err
	})
	s.confirmed("1") // the second money counts now
	_, err := s.ResolveReview(t.Context(), review, v1.ResolveReview{Decision: "dismiss"})
	require.Equal(t, v1.ReviewAlreadyResolved, code(t, err))
}
