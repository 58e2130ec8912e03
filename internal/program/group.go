package program

import (
	"context"
	"sync"
)

// group is some goroutines that are stopped together.
type group struct {
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func newGroup() *group {
	g := &group{}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

// run starts work, which ends when its context does.
func (g *group) run(work func(context.Context)) { g.running.Go(func() { work(g.ctx) }) }

// stop ends the group's context and waits for all of it. It may be called again.
func (g *group) stop() {
	g.cancel()
	g.running.Wait()
}
