package subscription

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// pause waits longer each time, from 0.2 to 5 s, with jitter so that copies do not move in step.
type pause struct{ *backoff.ExponentialBackOff }

func newPause() pause {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 200*time.Millisecond, 5*time.Second
	return pause{b}
}

func (p pause) wait(ctx context.Context) { idle(ctx, p.NextBackOff()) }

// idle waits for d or the end of ctx.
func idle(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
