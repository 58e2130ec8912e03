package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/internal/crashpoint"
	"ordermill/internal/services"
)

// Killed just before and just after every durable step, the program loses nothing, does nothing twice, and every order comes
// to rest.
func TestKill9_atEveryDurableStep_everythingGoesOn(t *testing.T) {
	t.Parallel()
	for _, point := range crashpoint.All {
		for range torture(1, 5) {
			at := fmt.Sprintf("%s:%d", point, 1+rand.IntN(2))
			t.Run("SQLite "+at, func(t *testing.T) {
				t.Parallel()
				dies(t, at, "dev", "--data", t.TempDir())
			})
		}
		for range torture(0, 5) {
			at := fmt.Sprintf("%s:%d", point, 1+rand.IntN(2))
			t.Run("Postgres "+at, func(t *testing.T) {
				t.Parallel()
				dies(t, at, "serve", "--insecure", "--migrate", "--demo", "--store", services.Postgres(t), "--redis", services.Redis(t))
			})
		}
	}
}

// dies runs the program until it is killed at a point, starts it again, and demands that all is well.
func dies(t *testing.T, at string, args ...string) {
	cmd := built(t, mortal, anywhere(args...)...)
	cmd.Env = append(cmd.Environ(), crashpoint.Variable+"="+at)
	doomed, err := begin(t, cmd)
	var errands []*errand
	if err == nil { // it may die before it answers: it writes a catalogue
		_ = doomed.provide("TOY", 1_000_000)
		buying := doomed.buyers(2)
		for _, id := range ruled {
			_, _ = doomed.Send(t.Context(), []byte(orderLetter(id)))
		}
		select {
		case <-doomed.exited:
		case <-time.After(patience):
			require.Fail(t, "the point was not reached")
		}
		errands = buying.stop()
	}
	alive := launch(t, args...).ready()
	for _, id := range ruled {
		alive.letter(orderLetter(id))
	}
	alive.stocked("TOY", 1_000_000)
	alive.confirmed(ruled[0])
	settled(t, &alive.shop, errands, ruled[0])
	for _, id := range ruled[1:] {
		eventually(t, func() error { return alive.status(id, "expired", "voided") })
	}
	eventually(t, func() error {
		account, err := alive.Account(t.Context(), ruled[0])
		if err == nil && account.RefundedMinor != 500 {
			err = fmt.Errorf("%d refunded", account.RefundedMinor)
		}
		return err
	})
	alive.verified()
}

// ruled are orders whose payments are simulated: one's money goes back in part, the others meet their deadline.
var ruled = []string{"demo-toomuch-1", "demo-never-1", "demo-never-2"}
