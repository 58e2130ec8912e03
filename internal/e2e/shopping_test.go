package e2e_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/api/client"
	"ordermill/api/v1"
)

// errand is one order with its payment. Its answers are kept as they came; nil: none came.
type errand struct{ id, placed, paid string }

// run does what is still to do of it. Doing it again asks with the same keys.
func (e *errand) run(ctx context.Context, c *client.Client) error {
	placed, err := c.PlaceOrder(ctx, v1.PlaceOrder{OrderID: e.id, Items: []v1.PlaceItem{{SKU: "TOY", Quantity: 1}}}, client.Key(e.id))
	if err != nil {
		return err
	}
	if err := same(&e.placed, placed.Raw); err != nil {
		return err
	}
	paid, err := c.RecordPayment(ctx, e.id, v1.RecordPayment{PaymentID: "pay-" + e.id, AmountMinor: 1000}, client.Key(e.id))
	if err != nil {
		return err
	}
	return same(&e.paid, paid.Raw)
}

// same keeps an answer, or compares it with the one that was kept: a key answers with the same bytes for ever.
func same(kept *string, answer []byte) error {
	if *kept != "" && *kept != string(answer) {
		return fmt.Errorf("the answer was %s, and is now %s", *kept, answer)
	}
	*kept = string(answer)
	return nil
}

// shopping is clients that run errands until they are told to stop or get no answer any more.
type shopping struct {
	t       *testing.T
	cancel  context.CancelFunc
	clients sync.WaitGroup
	acks    chan struct{} // one for each errand that was answered to its end

	mu      sync.Mutex
	errands []*errand
	refused error // the last
}

// shopping starts so many clients. The product they buy is stocked first.
func (s *shop) shopping(clients int) *shopping {
	s.t.Helper()
	s.stocked("TOY", 1_000_000)
	return s.buyers(clients)
}

// buyers starts so many clients that buy what shopping sells.
func (s *shop) buyers(clients int) *shopping {
	s.t.Helper()
	return shoppers(s.t, clients, func(ctx context.Context, e *errand) error { return e.run(ctx, s.Client) })
}

// steadyBuyers starts so many clients that buy 200 times a second together: as fast as they can, they would in half a minute buy more
// than can be looked at in the end, and leave nothing of the machine to other tests.
func (s *shop) steadyBuyers(clients int) *shopping {
	s.t.Helper()
	pace := time.Tick(5 * time.Millisecond)
	return shoppers(s.t, clients, func(ctx context.Context, e *errand) error {
		<-pace
		return e.run(ctx, s.Client)
	})
}

// shoppers starts so many clients that buy as visit says, until that fails.
func shoppers(t *testing.T, clients int, visit func(context.Context, *errand) error) *shopping {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	buying := &shopping{t: t, cancel: cancel, acks: make(chan struct{}, 100_000)}
	t.Cleanup(func() { buying.stop() })
	for range clients {
		buying.clients.Go(func() {
			for ctx.Err() == nil {
				e := &errand{id: uuid.NewString()}
				buying.mu.Lock()
				buying.errands = append(buying.errands, e)
				buying.mu.Unlock()
				if err := visit(ctx, e); err != nil {
					buying.mu.Lock()
					buying.refused = err
					buying.mu.Unlock()
					return
				}
				buying.acks <- struct{}{}
			}
		})
	}
	return buying
}

// acknowledged waits until so many more errands were answered.
func (s *shopping) acknowledged(n int) {
	s.t.Helper()
	gone := make(chan struct{})
	go func() {
		s.clients.Wait()
		close(gone)
	}()
	for range n {
		select {
		case <-s.acks:
		case <-gone:
			require.Fail(s.t, "all clients have given up", "%v", s.refused)
		}
	}
}

// stop ends the shopping and returns the errands that were begun.
func (s *shopping) stop() []*errand {
	s.cancel()
	s.clients.Wait()
	return s.errands
}

// settled demands that every errand with an answer is in the log once, sends the unanswered ones again, and waits until all
// are confirmed, and no other orders but those named.
func settled(t *testing.T, s *shop, errands []*errand, others ...string) {
	t.Helper()
	b := balance(t, s.Client)
	for _, e := range errands {
		if e.placed != "" {
			require.Contains(t, b.placed, e.id, "an acknowledged order is lost")
		}
		if e.paid != "" {
			require.EqualValues(t, 1000, b.captured[e.id], "an acknowledged payment is lost")
		}
	}
	for _, e := range once(t, s, errands) {
		eventually(t, func() error { return e.run(t.Context(), s.Client) }) // the answers are compared there
	}
	for _, e := range errands {
		s.confirmed(e.id)
	}
	b = balance(t, s.Client)
	require.Len(t, b.confirmed, len(errands)+len(others))
	require.EqualValues(t, len(errands), b.held["TOY"])
	for _, e := range errands {
		require.EqualValues(t, 1000, b.captured[e.id])
	}
	s.verified()
}

// once runs each errand again, several side by side, and returns those that failed.
func once(t *testing.T, s *shop, errands []*errand) (failed []*errand) {
	var running errgroup.Group
	running.SetLimit(16)
	var mu sync.Mutex
	for _, e := range errands {
		running.Go(func() error {
			if e.run(t.Context(), s.Client) != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, e)
			}
			return nil
		})
	}
	_ = running.Wait() // none returns an error
	return failed
}
