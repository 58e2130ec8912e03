package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
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
	OrderID string
	Pending []checkout.Pending
}

// DueTimers knows which timers are due by the database's clock. It may be behind the log: a firing looks at the heads.
type DueTimers interface {
	// Due returns at most limit orders with a timer that is due, the longest due first, from the start ("") or from another
	// page's next on; next is "" at the end. now is the database's time in ms since 1970.
	Due(ctx context.Context, limit int, from string) (due []Due, next string, now int64, err error)
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
		if err := t.fireDue(ctx); err != nil && ctx.Err() == nil {
			t.log.Warn("timers interrupted, they go on", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// fireDue fires everything that is due, page by page. What cannot be fired, because its order is parked or a newer program
// wrote to it, say, is passed over.
func (t *Timers) fireDue(ctx context.Context) error {
	for from := ""; ; {
		due, next, now, err := t.due.Due(ctx, dueAtOnce, from)
		if err != nil {
			return err
		}
		for _, d := range due {
			for _, p := range d.Pending {
				err := t.fire(ctx, d.OrderID, p.Deadline, now)
				if errors.Is(err, codec.ErrUnknown) {
					t.log.Error("timer passed over; a newer program has to fire it", "order", d.OrderID, "error", err)
					continue
				}
				if err != nil {
					return err
				}
			}
		}
		if next == "" {
			return nil
		}
		from = next
	}
}

// fire writes that a deadline has come, if it is still waited for at the heads of the order's streams.
func (t *Timers) fire(ctx context.Context, orderID string, deadline checkout.Deadline, now int64) error {
	crashpoint.Reach(crashpoint.BeforeTimer)
	_, err := t.queue.Do(ctx, Command{
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
		return context.Canceled
	}
	return err
}
