package app_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/app"
)

func batched(body string) app.Call {
	return app.Call{
		Key:     &app.IdempotencyKey{Scope: "POST /many", Key: "k", Fingerprint: []byte(body)},
		Respond: func(result any) []byte { return []byte(result.(string)) },
	}
}

func TestBatch_sameKeyAgain_runsOnce(t *testing.T) {
	s := newShop(t)
	runs := 0
	run := func() (any, int64, error) { runs++; return "all done", 7, nil }
	first, err := s.Batch(t.Context(), batched("body"), run)
	require.NoError(t, err)
	require.Equal(t, int64(7), first.Position)
	require.False(t, first.Replayed)
	again, err := s.Batch(t.Context(), batched("body"), run)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, "all done", string(again.Body))
	require.Equal(t, 1, runs)

	_, err = s.Batch(t.Context(), batched("another body"), run)
	require.ErrorIs(t, err, app.ErrKeyReused)
	require.Equal(t, 1, runs, "it ran before it was refused")
}

func TestBatch_thatFails_keepsNothing(t *testing.T) {
	s := newShop(t)
	away := errors.New("away")
	_, err := s.Batch(t.Context(), batched("body"), func() (any, int64, error) { return nil, 0, away })
	require.ErrorIs(t, err, away)
	answer, err := s.Batch(t.Context(), batched("body"), func() (any, int64, error) { return "then", 1, nil })
	require.NoError(t, err)
	require.Equal(t, "then", string(answer.Body))
}

func TestBatch_withoutAKey_runsEachTime(t *testing.T) {
	s := newShop(t)
	call := batched("body")
	call.Key = nil
	for range 2 {
		answer, err := s.Batch(t.Context(), call, func() (any, int64, error) { return "done", 3, nil })
		require.NoError(t, err)
		require.Equal(t, "done", string(answer.Body))
	}
	require.Empty(t, s.records())
}
