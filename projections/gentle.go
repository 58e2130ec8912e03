package projections

import (
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ordermill/eventstore"
)

const (
	// busyFor is how long builds hold back after the log has grown.
	busyFor = 200 * time.Millisecond
	// restFor is how many times as long as it has worked somebody rests.
	restFor = 9
	// restAtMost bounds a rest.
	restAtMost = 250 * time.Millisecond
)

// gate lets commands go first. While the log grows, the builds of a process leave a core alone, and rest longer than they have worked;
// else they take all cores. A goroutine that waits for an answer from the network is woken late while every core folds.
type gate struct {
	store *eventstore.Store
	few   chan struct{} // holds a value for each that works while the log grows

	mu    sync.Mutex
	known int64     // of the log, when somebody looked
	grown time.Time // when it was seen to be longer than before
}

func newGate(store *eventstore.Store) *gate {
	return &gate{store: store, few: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)), known: store.Known()}
}

func (g *gate) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if known := g.store.Known(); known != g.known {
		g.known, g.grown = known, time.Now()
	}
	return time.Since(g.grown) < busyFor
}

// work does parts of some work side by side, and returns an error of one.
func (g *gate) work(ctx context.Context, parts int, do func(part int) error) error {
	if g.busy() {
		return g.gently(ctx, parts, do)
	}
	if parts == 1 {
		return do(0)
	}
	var working errgroup.Group
	for part := range parts {
		working.Go(func() error { return do(part) })
	}
	return working.Wait()
}

// gently does them one after another, each when few others work, and a rest after it.
func (g *gate) gently(ctx context.Context, parts int, do func(part int) error) error {
	for part := range parts {
		select {
		case g.few <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := g.doAndRest(ctx, func() error { return do(part) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *gate) doAndRest(ctx context.Context, do func() error) error {
	defer func() { <-g.few }()
	begin := time.Now()
	if err := do(); err != nil {
		return err
	}
	rest(ctx, min(restFor*time.Since(begin), restAtMost))
	return ctx.Err()
}
