package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"ordermill/eventstore"
)

// MaxBatch is how many records are read and applied at once, unless one command wrote more.
const MaxBatch = 500

// pollEvery bounds how late a record is when every wake-up was lost.
const pollEvery = time.Second

// leaseEvery is how often a process that does not own a consumer asks whether it may.
const leaseEvery = time.Second

// Consumer brings one Projector or Reactor every record of the log. Make it with NewProjector or NewReactor, then Run it.
type Consumer struct {
	name, kind string
	keys       Keys
	store      *eventstore.Store
	db         Database
	owner      Owner
	feeds      []Feed
	atHead     bool
	sideBySide int // keys a reactor works on at once
	log        *slog.Logger
	handle     func(ctx context.Context, s *session, batch []Delivery) error
	again      func(ctx context.Context, s *session, w Work) (done bool, err error) // handles what was skipped for a parked key

	deliveries chan arrival
	awaited    chan struct{} // holds a value when somebody began to wait for the checkpoint

	mu      sync.Mutex
	at      int64         // checkpoint's position while this process owns the consumer
	changed chan struct{} // closed and replaced whenever at moves
}

// arrival is a delivery from a feed, and where to say that it may be acknowledged.
type arrival struct {
	Delivery
	done chan error
}

// Option changes how a consumer is run.
type Option func(*Consumer)

// WithFeeds names the transports that wake the consumer too; the log itself always does.
func WithFeeds(feeds ...Feed) Option { return func(c *Consumer) { c.feeds = feeds } }

// FromHead makes a consumer that has never run start at the log's head: what happened before it existed is none of its
// business. It is for effects on the outside world, such as mail. Enrol it before anything can happen that is.
func FromHead() Option { return func(c *Consumer) { c.atHead = true } }

// WithLogger sets where the consumer tells what it does.
func WithLogger(log *slog.Logger) Option { return func(c *Consumer) { c.log = log } }

func newConsumer(kind, name string, keys Keys, store *eventstore.Store, db Database, owner Owner, options []Option) *Consumer {
	c := &Consumer{
		name: name, kind: kind, keys: keys, store: store, db: db, owner: owner, log: slog.Default(), sideBySide: defaultSideBySide,
		deliveries: make(chan arrival), awaited: make(chan struct{}, 1), changed: make(chan struct{}),
	}
	for _, option := range options {
		option(c)
	}
	c.log = c.log.With("consumer", name)
	return c
}

// Name is the consumer's name.
func (c *Consumer) Name() string { return c.name }

// Run owns the consumer whenever its lease can be had, until ctx ends (it returns nil) or the consumer must stop
// (ErrStop, ErrDiverged). A lost lease or a database that is away is waited for.
func (c *Consumer) Run(ctx context.Context) error {
	var pause Backoff
	for ctx.Err() == nil {
		owned, err := c.runOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrStop), errors.Is(err, ErrDiverged):
			c.log.Error("consumer stopped; it needs a human", "error", err)
			return fmt.Errorf("consumer %s: %w", c.name, err)
		case err != nil:
			c.log.Warn("consumer interrupted, it goes on", "error", err)
		}
		if err == nil || owned {
			pause.Reset()
			idle(ctx, leaseEvery)
			continue
		}
		_ = pause.Wait(ctx) // the loop asks ctx
	}
	return nil
}

// Enrol gives a consumer that has never run its checkpoint: the log's start, or its head as it is now (FromHead). Run does so
// too, in its own time; by then the head may be past an event that it should have seen. On one that has run it does nothing.
func (c *Consumer) Enrol(ctx context.Context) error {
	start := eventstore.Checkpoint{LogID: c.store.LogID()}
	if c.atHead {
		head, err := c.store.Head(ctx)
		if err != nil {
			return err
		}
		start.Position, start.EventID = head.Position, head.EventID
	}
	return enrol(ctx, c.db.Write, c.name, c.kind, start)
}

// runOnce tries for the lease and, if it is ours, works until the lease or the patience with an error ends.
func (c *Consumer) runOnce(ctx context.Context) (owned bool, err error) {
	if err := c.Enrol(ctx); err != nil {
		return false, err
	}
	l, at, err := tryAcquire(ctx, c.db.Write, c.name, c.owner)
	if err != nil || l == nil {
		return false, err
	}
	c.log.Debug("lease taken", "epoch", l.epoch, "position", at.Position)
	return true, l.while(ctx, func(ctx context.Context) error {
		s := &session{Consumer: c, lease: l, at: at, tenure: ctx}
		err := s.begin(ctx)
		if err == nil {
			err = s.run(ctx)
		}
		if errors.Is(err, ErrDiverged) {
			err = fmt.Errorf("%w; %s", err, c.remedy())
		}
		if errors.Is(err, ErrStop) || errors.Is(err, ErrDiverged) {
			s.tell(ctx, err)
		}
		return err
	})
}

// deliver hands a delivery to the session and returns when the record is behind the checkpoint, or is none of ours.
func (c *Consumer) deliver(ctx context.Context, d Delivery) error {
	if d.LogID == c.store.LogID() && d.Position <= c.position() {
		return nil
	}
	a := arrival{d, make(chan error, 1)}
	select {
	case c.deliveries <- a:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// position is the checkpoint as this process last saw it while it was the owner.
func (c *Consumer) position() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *Consumer) moved(to int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = to
	close(c.changed)
	c.changed = make(chan struct{})
}

// WaitFor returns once the consumer's checkpoint, in whichever process, is at or past position; or ctx's error.
func (c *Consumer) WaitFor(ctx context.Context, position int64) error {
	ticker := time.NewTicker(50 * time.Millisecond) // for the case that another process owns the consumer
	defer ticker.Stop()
	for {
		c.mu.Lock()
		at, changed := c.at, c.changed
		c.mu.Unlock()
		if at >= position {
			return nil
		}
		select {
		case c.awaited <- struct{}{}:
		default: // somebody waits already
		}
		status, err := readStatus(ctx, c.db, c.name)
		if err == nil && status.Position >= position {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-ticker.C:
		}
	}
}
