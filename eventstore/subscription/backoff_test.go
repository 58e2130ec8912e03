package subscription_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
)

func TestBackoff_growsFromFifthOfASecondToFive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pause subscription.Backoff
		took := func() time.Duration {
			began := time.Now()
			require.NoError(t, pause.Wait(t.Context()))
			return time.Since(began)
		}
		for _, most := range []time.Duration{200, 400, 800, 1600, 3200, 5000, 5000} {
			got := took()
			require.LessOrEqual(t, got, most*time.Millisecond)
			require.GreaterOrEqual(t, got, most*time.Millisecond/2)
		}
		pause.Reset()
		require.LessOrEqual(t, took(), 200*time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, pause.Wait(ctx), context.Canceled)
	})
}
