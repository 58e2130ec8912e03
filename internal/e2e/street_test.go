package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ordermill/api/client"
	"ordermill/api/v1"
)

// street is copies side by side, as a simple load balancer sees them: buyers come to any of them, and try the next one when
// they are turned away.
type street struct {
	leisure time.Duration // of a buyer between two errands

	mu    sync.Mutex
	doors []*door
}

// door leads to one copy.
type door struct {
	*client.Client
	closing bool // whatever it does from here on is no surprise
}

func newStreet(copies ...*client.Client) *street {
	s := &street{doors: make([]*door, len(copies))}
	for i, c := range copies {
		s.doors[i] = &door{Client: c}
	}
	return s
}

// close says that a copy is about to stop, and how it will be: buyers go on coming. reopen puts another in its place.
func (s *street) close(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doors[i].closing = true
}

func (s *street) reopen(i int, c *client.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doors[i] = &door{Client: c}
}

func (s *street) any() *door {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doors[rand.IntN(len(s.doors))]
}

func (s *street) isClosing(d *door) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.closing
}

// buyers starts so many clients. What turns them away must be a copy that is closing, or be forgiven; otherwise they give up.
func (s *street) buyers(t *testing.T, clients int, forgiven func(error) bool) *shopping {
	t.Helper()
	return shoppers(t, clients, func(ctx context.Context, e *errand) error {
		for {
			at := s.any()
			err := e.run(ctx, at.Client)
			switch {
			case err == nil:
				_ = pause(ctx, s.leisure) // the errand is done, whoever stops the buyer now
				return nil
			case ctx.Err() != nil:
				return err
			case !s.isClosing(at) && !forgiven(err):
				return fmt.Errorf("order %s: %w", e.id, err)
			}
			if err := pause(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
	})
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// nothing forgives nothing.
func nothing(error) bool { return false }

// tryAgain forgives what a client is told to send again.
func tryAgain(err error) bool {
	var problem *v1.Problem
	return errors.As(err, &problem) && problem.Retryable
}

// patient demands that nobody has given up.
func (s *shopping) patient() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil && !errors.Is(s.refused, context.Canceled) {
		s.t.Fatalf("a client was turned away: %v", s.refused)
	}
}
