package app_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/app"
)

// keyed is a call with an Idempotency-Key for a body.
func keyed(key, body string) app.Call {
	sum := sha256.Sum256([]byte(body))
	return app.Call{Key: &app.IdempotencyKey{Scope: "test POST /", Key: key, Fingerprint: sum[:]}, Respond: func(result any) []byte {
		text, _ := json.Marshal(result)
		return text
	}}
}

func TestKey_100Twins_throughTwoCopies_oneEffectAndTheSameBytes(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.register("BEAR"))
	copies := []desk{s.desk, s.copy()}
	answers := make([]app.Answer, 100)
	var asking errgroup.Group
	for i := range answers {
		asking.Go(func() (err error) {
			answers[i], err = copies[i%2].ReceiveStock(t.Context(), keyed("1", "5 bears"), app.ReceiveStock{SKU: "BEAR", Quantity: 5})
			return err
		})
	}
	require.NoError(t, asking.Wait())
	require.Equal(t, 1, s.count("inventory.received"))
	first := 0
	for _, a := range answers {
		require.Equal(t, string(answers[0].Body), string(a.Body))
		require.Equal(t, answers[0].Position, a.Position)
		if !a.Replayed {
			first++
		}
	}
	require.Equal(t, 1, first)
}

func TestKey_usedForSomethingElse_isRefused(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.register("BEAR"))
	_, err := s.ReceiveStock(t.Context(), keyed("1", "5 bears"), app.ReceiveStock{SKU: "BEAR", Quantity: 5})
	require.NoError(t, err)
	_, err = s.ReceiveStock(t.Context(), keyed("1", "6 bears"), app.ReceiveStock{SKU: "BEAR", Quantity: 6})
	require.ErrorIs(t, err, app.ErrKeyReused)
	require.Equal(t, 1, s.count("inventory.received"))
}

func TestKey_ofARefusal_isFree(t *testing.T) {
	s := newShop(t)
	receive := func() error {
		_, err := s.ReceiveStock(t.Context(), keyed("1", "5 bears"), app.ReceiveStock{SKU: "BEAR", Quantity: 5})
		return err
	}
	require.Equal(t, "unknown-sku", refused(t, receive()))
	require.NoError(t, s.register("BEAR"))
	require.NoError(t, receive(), "a refusal changed nothing and is evaluated anew")
}

func TestKeys_ofDifferentCommandsInOneBatch_keepTheirAnswersApart(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.register("BEAR"))
	answers := make([]app.Answer, 8)
	commands := make([]func(), len(answers))
	ask := func(i int) (err error) {
		answers[i], err = s.ReceiveStock(t.Context(), keyed(fmt.Sprint(i), ""), app.ReceiveStock{SKU: "BEAR", Quantity: int64(i + 1)})
		return err
	}
	for i := range commands {
		commands[i] = func() { _ = ask(i) }
	}
	require.EqualValues(t, 1, s.together(commands...))
	for i, before := range append([]app.Answer(nil), answers...) {
		require.NoError(t, ask(i))
		require.True(t, answers[i].Replayed)
		require.Equal(t, string(before.Body), string(answers[i].Body))
		require.Equal(t, before.Position, answers[i].Position)
	}
}
