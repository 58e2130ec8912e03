package program

import (
	"context"
	"errors"
	"time"
)

// probeAtMost bounds how long /readyz waits for the database: whoever asks has little patience, and a database that needs
// longer for one row serves nobody.
const probeAtMost = 2 * time.Second

// Why the program is not ready; told to whoever asks.
var (
	errCatchingUp = errors.New("read models are still catching up with the log")
	errUnreadable = errors.New("the database cannot be read now; requests get 503 until it can be, nothing needs a restart")
)

// becomeReady waits until every read model has reached the head that the log had at the start. That stays so.
func (p *Program) becomeReady(ctx context.Context, head int64) {
	if p.models.WaitFor(ctx, head) == nil {
		p.caughtUp.Store(true)
	}
}

// readiness is nil while requests can be served. The database is asked each time: it may go away and come back.
func (p *Program) readiness(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeAtMost)
	defer cancel()
	_, err := p.events.Head(ctx)
	if err == nil && p.store.apart != nil {
		err = p.store.read.Read.PingContext(ctx)
	}
	if err != nil {
		p.config.Log.Warn("not ready: the database cannot be read", "error", err)
		return errUnreadable
	}
	if !p.caughtUp.Load() {
		return errCatchingUp
	}
	return nil
}
