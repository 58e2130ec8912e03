package messaging_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/messaging"
)

var quiet = slog.New(slog.DiscardHandler)

func TestCommit_failures_sameLetterUntilCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := messaging.Commit(t.Context(), quiet, func(_ context.Context, letter messaging.Inbound) error {
			require.Equal(t, "1", string(letter.Body))
			if tries++; tries < 20 {
				return errors.New("the database is away")
			}
			return nil
		}, messaging.Inbound{Body: []byte("1")})
		require.NoError(t, err)
		require.Equal(t, 20, tries)
	})
}

func TestCommit_ends_tryUnderWayMayFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := messaging.Commit(ctx, quiet, func(work context.Context, _ messaging.Inbound) error {
			cancel()
			time.Sleep(time.Second)
			return work.Err()
		}, messaging.Inbound{})
		require.NoError(t, err, "committed during the grace: to be acknowledged")
	})
}

func TestCommit_ends_hangingTryIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		err := messaging.Commit(ctx, quiet, func(work context.Context, _ messaging.Inbound) error {
			cancel()
			<-work.Done()
			return work.Err()
		}, messaging.Inbound{})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 5*time.Second, time.Since(began))
	})
}
