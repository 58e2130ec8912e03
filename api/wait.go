package api

import (
	"context"
	"regexp"
	"strconv"
	"time"
)

// waitingRequest is a command whose sender may wait for what follows from it.
type waitingRequest struct {
	Request
	Prefer string `header:"Prefer" doc:"wait=N (RFC 7240, at most 10 seconds): answer once the checkout has done its step and the read models show it. The answer is the same either way"`
}

// longestWait bounds what a client may prefer; the server's write timeout is longer.
const longestWait = 10

// lookEvery is how often a waiting answer looks at the checkout, which may run in another process.
const lookEvery = 20 * time.Millisecond

var preferWait = regexp.MustCompile(`(?i)(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:$|[,;])`)

// seconds is how long the client prefers to wait; 0: not at all. Preferences that we do not know are ignored (RFC 7240).
func (r *waitingRequest) seconds() int {
	found := preferWait.FindStringSubmatch(r.Prefer)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1]) // digits only
	return min(n, longestWait)
}

// settled waits until the checkout has handled position (one step runs on until nothing is left to do) and the read models
// show what it wrote. It reports whether that came about in time.
func (a *API) settled(ctx context.Context, position int64, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if position == 0 { // the command wrote nothing itself: what it found must be settled
		head, err := a.Events.Head(ctx)
		if err != nil {
			return false
		}
		position = head.Position
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for !a.checkoutAt(ctx, position) {
		select {
		case <-ctx.Done():
			return false
		case <-look.C:
		}
	}
	head, err := a.Events.Head(ctx)
	return err == nil && a.ReadModels.WaitFor(ctx, head.Position) == nil
}

// checkoutAt reports whether the checkout reactor has everything up to position behind it.
func (a *API) checkoutAt(ctx context.Context, position int64) bool {
	consumers, err := a.Consumers.Statuses(ctx)
	if err != nil {
		return false
	}
	for _, c := range consumers {
		if c.Name == "checkout" {
			return c.Position >= position
		}
	}
	return false
}
