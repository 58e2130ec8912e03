package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/eventstore"
	"ordermill/internal/crashpoint"
)

// TimersName is the actor of fired deadlines, and the name of the task that fires them.
const TimersName = "timers"

// timersSpace makes the command ids of firings.
var timersSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("ordermill:"+TimersName))

const (
	timersEvery = time.Second
	dueAtOnce   = 200
)

// Due is an order's timers whose time has come, soonest first.
type Due struct {
	OrderID  string
	Pending  []checkout.Pending
	Position int64 // of the read model that knew it
}

// DueTimers knows which timers are due by the database's clock. It may be behind the log: a firing looks at the heads.
type DueTimers interface {
	// Due returns at most limit orders with a timer that is due, soonest first, and the database's time in ms since 1970.
	Due(ctx context.Context, limit int) (due []Due, now int64, err error)
	// WaitFor returns when Due knows everything up to a position.
	WaitFor(ctx context.Context, position int64) error
}

// Timers fires deadlines: it writes that a time has come, and the checkout does what follows.
type Timers struct {
	queue *Queue
	due   DueTimers
	log   *slog.Logger
}

// NewTimers fires what due says.
func NewTimers(queue *Queue, due DueTimers, log *slog.Logger) *Timers {
	return &Timers{queue, due, log}
}

// Run fires what is due, every second, until ctx ends. After downtime it catches up in the order of the deadlines. One process
// is enough; two do no harm.
func (t *Timers) Run(ctx context.Context) error {
	ticker := time.NewTicker(timersEvery)
	defer ticker.Stop()
	for {
		more, err := t.fireDue(ctx)
		if err != nil && ctx.Err() == nil {
			t.log.Warn("timers interrupted, they go on", "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// fireDue fires one page of timers; more tells that there may be another.
func (t *Timers) fireDue(ctx context.Context) (more bool, err error) {
	due, now, err := t.due.Due(ctx, dueAtOnce)
	if err != nil {
		return false, err
	}
	var last int64
	for _, d := range due {
		for _, p := range d.Pending {
			position, err := t.fire(ctx, d.OrderID, p.Deadline, now)
			if err != nil {
				return false, err
			}
			last = max(last, position)
		}
	}
	if last == 0 {
		return false, nil
	}
	return len(due) == dueAtOnce, t.due.WaitFor(ctx, last)
}

// fire writes that a deadline has come, if it is still waited for at the heads of the order's streams.
func (t *Timers) fire(ctx context.Context, orderID string, deadline checkout.Deadline, now int64) (position int64, err error) {
	crashpoint.Reach(crashpoint.BeforeTimer)
	done, err := t.queue.Do(ctx, Command{
		ID:      uuid.NewSHA1(timersSpace, []byte(orderID+" "+deadline.String())),
		Meta:    eventstore.Metadata{CorrelationID: orderID, Actor: TimersName},
		Reads:   []Ref{orders.ref(orderID), accounts.ref(orderID), checkouts.ref(orderID)},
		Patient: true,
		Decide: func(d *Decision) (any, error) {
			checkouts.record(d, orderID, checkout.Fire(orders.state(d, orderID), accounts.state(d, orderID), checkouts.state(d, orderID), deadline, now)...)
			return nil, nil
		},
	})
	crashpoint.Reach(crashpoint.AfterTimer)
	if errors.Is(err, ErrClosed) {
		return 0, context.Canceled
	}
	return done.Position, err
}
