package subscription

import (
	"context"
	"math/rand/v2"
	"time"
)

// Every wait for a database or a broker that is away grows from shortestPause to longestPause.
const (
	shortestPause = 200 * time.Millisecond
	longestPause  = 5 * time.Second
)

// Backoff is the pause between tries: 0.2 s at first, doubled each time up to 5 s, with up to half of it taken off at
// random so that copies do not come back in step. The zero value is ready to use, by one goroutine.
type Backoff struct{ next time.Duration }

// Wait pauses; it returns ctx's error if that ends first.
func (b *Backoff) Wait(ctx context.Context) error {
	pause := max(b.next, shortestPause)
	b.next = min(2*pause, longestPause)
	return idle(ctx, pause-rand.N(pause/2))
}

// Reset makes the next pause the shortest again.
func (b *Backoff) Reset() { b.next = 0 }

// idle waits for d; it returns ctx's error if that ends first.
func idle(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
