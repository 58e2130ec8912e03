package subscription

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"ordermill/eventstore"
	"ordermill/internal/crashpoint"
)

// defaultSideBySide is how many keys of one batch a reactor works on at once, unless SideBySide says otherwise.
const defaultSideBySide = 64

// SideBySide lets a reactor work on so many keys of one batch at once. It is for one that mostly waits in a line which others stand
// in too: with fewer of its own there, it falls behind them.
func SideBySide(keys int) Option { return func(c *Consumer) { c.sideBySide = keys } }

// NewReactor makes a consumer that holds no transaction while it works; its checkpoint, in db, moves when a whole batch is done.
func NewReactor(store *eventstore.Store, db Database, owner Owner, r Reactor, options ...Option) *Consumer {
	c := newConsumer("reactor", r.Name(), r.Keys, store, db, owner, options)
	c.handle = func(ctx context.Context, s *session, batch []Delivery) error { return s.react(ctx, r, batch) }
	c.again = func(ctx context.Context, s *session, w Work) (bool, error) { return s.rereact(ctx, r, w) }
	return c
}

// react lets the reactor handle a batch, keys side by side, and then moves the checkpoint.
func (s *session) react(ctx context.Context, r Reactor, batch []Delivery) error {
	work, skipped, err := group(batch, r.Keys, s.parked)
	if err != nil {
		return err
	}
	newly, failed, err := s.reactAll(ctx, r, work)
	if err != nil {
		return err
	}
	crashpoint.Reach(crashpoint.BeforeCheckpoint)
	err = transact(ctx, s.db.Write, func(tx *sql.Tx) error {
		if err := s.advance(ctx, tx, batch[len(batch)-1]); err != nil {
			return err
		}
		return park(ctx, tx, s.name, newly, append(skipped, failed...))
	})
	if err != nil {
		return err
	}
	crashpoint.Reach(crashpoint.AfterCheckpoint)
	for _, p := range newly {
		s.log.Error("key parked; others go on", "key", p.key, "error", p.err)
		s.parked[p.key] = true
	}
	return nil
}

// reactAll works on every key until it is done or parked.
func (s *session) reactAll(ctx context.Context, r Reactor, work []Work) (newly []parking, failed []Work, first error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		slots   = make(chan struct{}, s.sideBySide)
	)
	for _, w := range work {
		slots <- struct{}{}
		running.Add(1)
		go func() {
			defer func() { <-slots; running.Done() }()
			err := s.reactOne(ctx, r, w)
			var parked *ParkError
			switch {
			case err == nil:
			case errors.As(err, &parked) && !errors.Is(err, ErrStop):
				mu.Lock()
				defer mu.Unlock()
				newly, failed = append(newly, parking{w.Key, parked.Err}), append(failed, w)
			default:
				mu.Lock()
				defer mu.Unlock()
				first = cmp.Or(first, err)
				stop()
			}
		}()
	}
	running.Wait()
	return newly, failed, first
}

// reactOne tries one key again in place until it is done, parked, or the consumer must stop.
func (s *session) reactOne(ctx context.Context, r Reactor, w Work) error {
	var pause Backoff
	for {
		err := reactSafely(ctx, r, w)
		var parked *ParkError
		if err == nil || errors.As(err, &parked) || errors.Is(err, ErrStop) || ctx.Err() != nil {
			return err
		}
		s.log.Warn("trying again", "key", w.Key, "position", w.Deliveries[0].Position, "error", err)
		s.tell(ctx, err)
		if err := s.rest(ctx, &pause); err != nil {
			return err
		}
	}
}

// reactSafely turns a panic into a reason to park the key that caused it.
func reactSafely(ctx context.Context, r Reactor, w Work) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Park(w.Key, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return r.React(ctx, w)
}
