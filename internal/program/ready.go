package program

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ordermill/projections"
)

// probeAtMost bounds how long /readyz waits for the database: whoever asks has little patience, and a database that needs
// longer for one row serves nobody.
const probeAtMost = 2 * time.Second

// Why the program is not ready; told to whoever asks.
var (
	errDraining   = errors.New("this copy is stopping: it finishes what it has begun, send new requests to another")
	errCatchingUp = errors.New("read models are still catching up with the log")
	errUnreadable = errors.New("the database cannot be read now; requests get 503 until it can be, nothing needs a restart")
)

// becomeReady waits until every read model, in whichever copy it is kept, has reached the head that the log had at the start.
// That stays so. A copy that neither reads nor keeps them waits for none.
func (p *Program) becomeReady(ctx context.Context) {
	if !p.config.has(API) && !p.config.has(Projector) {
		p.caughtUp.Store(true)
	}
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for !p.caughtUp.Load() && p.models.WaitFor(ctx, p.head) == nil {
		if statuses, err := p.models.Statuses(ctx); err == nil && !slices.ContainsFunc(statuses, stopped) {
			p.caughtUp.Store(true)
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// stopped tells of a read model that waits for a human. That it is past the head does not make it right: the log may have been
// restored from an older backup.
func stopped(s projections.Status) bool { return s.Status == projections.Stopped }

// readiness is nil while requests can be served. The database is asked each time: it may go away and come back.
func (p *Program) readiness(ctx context.Context) error {
	if p.draining.Load() {
		return errDraining
	}
	ctx, cancel := context.WithTimeout(ctx, probeAtMost)
	defer cancel()
	_, err := p.events.Head(ctx)
	if err == nil && p.store.apart != nil {
		err = p.store.read.Read.PingContext(ctx)
	}
	if err != nil {
		return p.unreadable(err)
	}
	if p.caughtUp.Load() {
		return nil
	}
	statuses, err := p.models.Statuses(ctx)
	if err != nil {
		return p.unreadable(err)
	}
	return behind(statuses, p.head)
}

func (p *Program) unreadable(err error) error {
	p.config.Log.Warn("not ready: the database cannot be read", "error", err)
	return errUnreadable
}

// behind says which read models the program waits for, and what is in the way if nobody works on them.
func behind(statuses []projections.Status, head int64) error {
	var waits []string
	for _, s := range statuses {
		at := fmt.Sprintf("%s is at position %d of %d", s.Name, s.Position, head)
		if s.Generation == 0 {
			at = s.Name + " is to be built"
		}
		switch {
		case s.Generation != 0 && s.Position >= head && !stopped(s):
			continue
		case stopped(s):
			at += " and has stopped: " + cmp.Or(s.Error, "GET /v1/projections/"+s.Name+"/rebuild says why")
		case !s.Tended:
			at += " and no copy works on it (is there one with the role " + string(Projector) + "?)"
		}
		waits = append(waits, at)
	}
	if len(waits) == 0 { // the last one has just arrived
		return errCatchingUp
	}
	return fmt.Errorf("%w: %s", errCatchingUp, strings.Join(waits, "; "))
}
