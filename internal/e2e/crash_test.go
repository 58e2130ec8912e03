package e2e_test

import (
	"math/rand/v2"
	"testing"

	"ordermill/internal/services"
)

func TestKill9_underLoad_everyAcknowledgedCommandIsThereOnceAndGoesOn(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) func() *process{
		"SQLite": func(t *testing.T) func() *process {
			data := t.TempDir()
			return func() *process { return dev(t, data) }
		},
		"Postgres": func(t *testing.T) func() *process {
			store := services.Postgres(t)
			return func() *process { return serve(t, store) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			again := start(t)
			var errands []*errand
			for range torture(4, 40) {
				p := again()
				buying := p.shopping(8)
				buying.acknowledged(1 + rand.IntN(40)) // the kill comes at a random moment of what is under way
				p.kill()
				errands = append(errands, buying.stop()...)
			}
			settled(t, &again().ready().shop, errands)
		})
	}
}
