package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// CheckoutName is the process manager's name as a consumer, and the actor of the events that its steps write.
const CheckoutName = "checkout"

// CheckoutSideBySide is how many orders' steps stand in the queue at once: a whole drain, so that buyers, who send two commands
// for each step, do not outrun the checkout.
const CheckoutSideBySide = maxDrain

// checkoutSpace makes the command ids of steps: UUIDv5 of the consumer and the event that caused the step.
var checkoutSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("ordermill:reactor:"+CheckoutName))

// Timing is how long the checkout waits for whom.
type Timing struct {
	PaymentWindow time.Duration // from the first request until the order expires unpaid
	HoldGrace     time.Duration // how much longer the stock is held
	UnmatchedFor  time.Duration // how long money without an order waits for it
	ConfirmWithin time.Duration // how long a provider may take to say what became of a refund
	// RefundRetry is the first wait before a refund that failed is tried again; the others are 5, 30, 120 and 720 times as long.
	RefundRetry time.Duration
}

// DefaultTiming is the domain's: refunds are tried again after 1 m, 5 m, 30 m, 2 h and 12 h.
var DefaultTiming = Timing{PaymentWindow: 15 * time.Minute, HoldGrace: 2 * time.Minute, UnmatchedFor: 24 * time.Hour,
	ConfirmWithin: 24 * time.Hour, RefundRetry: time.Minute}

// ladder is when a refund that failed is tried again, if a machine can try it.
func (t Timing) ladder() payment.Ladder {
	ladder := payment.Ladder{Confirm: t.ConfirmWithin.Milliseconds()}
	for _, times := range []int64{1, 5, 30, 120, 720} {
		ladder.Waits = append(ladder.Waits, times*t.RefundRetry.Milliseconds())
	}
	return ladder
}

// Checkout is the process manager that takes an order from placed to confirmed. Its step looks at the heads of its streams
// (the event only wakes it), runs on until nothing is left to do, and appends once.
type Checkout struct{ desk *Desk }

// NewCheckout makes the process manager of a desk.
func NewCheckout(desk *Desk) *Checkout { return &Checkout{desk} }

var _ subscription.Reactor = (*Checkout)(nil)

// Name is the consumer's name.
func (c *Checkout) Name() string { return CheckoutName }

// Keys wakes an order's checkout for what happens to the order and its money, unless one of its own steps wrote it.
func (c *Checkout) Keys(record eventstore.Record) ([]string, error) {
	category, id, err := eventstore.SplitStream(record.Stream)
	if err != nil {
		return nil, err
	}
	switch category {
	case order.Category, payment.Category, checkout.Category:
	default:
		return nil, nil
	}
	var metadata eventstore.Metadata
	if err := json.Unmarshal(record.Metadata, &metadata); err != nil {
		return nil, fmt.Errorf("metadata at position %d: %w", record.Position, err)
	}
	if metadata.Actor == CheckoutName {
		return nil, nil
	}
	return []string{id}, nil
}

// React runs the order's step.
func (c *Checkout) React(ctx context.Context, work subscription.Work) error {
	cause := work.Deliveries[len(work.Deliveries)-1]
	return c.desk.queue.once(ctx, CheckoutName, c.step(work.Key, cause.Record))
}

func (c *Checkout) step(orderID string, cause eventstore.Record) Command {
	id, timing := uuid.NewSHA1(checkoutSpace, cause.EventID[:]), c.desk.timingOf(orderID)
	return Command{
		ID:    id,
		Meta:  eventstore.Metadata{CausationID: cause.EventID.String(), CorrelationID: orderID, Actor: CheckoutName, OccurredAt: cause.RecordedAt.UnixMilli()},
		Reads: []Ref{orders.ref(orderID), accounts.ref(orderID), checkouts.ref(orderID)},
		Decide: func(d *Decision) (any, error) {
			outcome := checkout.Step(checkout.World{
				OrderID: orderID,
				Order:   orders.state(d, orderID), Account: accounts.state(d, orderID), Memory: checkouts.state(d, orderID),
				Stock:         func(sku string) inventory.State { return items.state(d, sku) },
				Now:           d.Now.UnixMilli(),
				NewID:         d.NewID,
				PaymentWindow: timing.PaymentWindow.Milliseconds(),
				HoldGrace:     timing.HoldGrace.Milliseconds(),
				UnmatchedFor:  timing.UnmatchedFor.Milliseconds(),
				ConfirmWithin: timing.ConfirmWithin.Milliseconds(),
			})
			for _, stock := range outcome.Stock {
				items.record(d, stock.SKU, stock.Events...)
			}
			checkouts.record(d, orderID, outcome.Memory...)
			orders.record(d, orderID, outcome.Order...)
			accounts.record(d, orderID, outcome.Payment...)
			return nil, nil
		},
	}
}
