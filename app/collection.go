package app

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/payment"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
	"ordermill/internal/crashpoint"
)

// CollectionName is the name, as a consumer, of the reactor that talks to the payment provider.
const CollectionName = "provider"

// askFirst: a refund that was to be paid out so long ago may have been, by a run that could not say so any more.
const askFirst = 24 * time.Hour

// Collection is the reactor that asks the payment provider for customers' money, sends refunds through it, and records what it
// says. It calls first and records then: after a crash it calls again with the same ids.
type Collection struct{ desk *Desk }

// NewCollection makes the reactor of the desk's provider.
func NewCollection(desk *Desk) *Collection { return &Collection{desk} }

var _ subscription.Reactor = (*Collection)(nil)

// Name is the consumer's name.
func (c *Collection) Name() string { return CollectionName }

// Keys is the order's id for what a provider is told, of orders with which it deals. What became of a refund is asked about
// for every order: where nobody knows, somebody has to look.
// It stops at an event that is not known here.
func (c *Collection) Keys(record eventstore.Record) ([]string, error) {
	if err := codec.Known(record); err != nil {
		return nil, err
	}
	switch record.Type {
	case payment.RequestedType, payment.RequestClosedType, payment.RefundRequestedType, payment.ReviewResolvedType, checkout.DeadlineFiredType:
	default:
		return nil, nil
	}
	_, orderID, err := eventstore.SplitStream(record.Stream)
	if err != nil || record.Type != checkout.DeadlineFiredType && !c.desk.provider.Acts(orderID) {
		return nil, err
	}
	return []string{orderID}, nil
}

// React talks about one order, event by event.
func (c *Collection) React(ctx context.Context, work subscription.Work) error {
	for _, d := range work.Deliveries {
		if err := c.react(ctx, work.Key, d.Record); err != nil {
			return stopping(err)
		}
	}
	return nil
}

func (c *Collection) react(ctx context.Context, orderID string, cause eventstore.Record) error {
	event, err := codec.Decode(cause)
	if err != nil {
		return err
	}
	account, err := accounts.read(ctx, c.desk.store, orderID)
	if err != nil {
		return err
	}
	if ask, wanted := checkout.AskFor(event, account); wanted {
		return c.payOut(ctx, orderID, cause, ask)
	}
	return c.charge(ctx, orderID, cause, event, account)
}

// charge asks for money, or stops asking, and records what the provider says to that.
func (c *Collection) charge(ctx context.Context, orderID string, cause eventstore.Record, event decider.Event, account payment.State) error {
	var requestID string
	tell := c.desk.provider.Charge
	switch e := event.(type) {
	case payment.Requested:
		requestID = e.RequestID
	case payment.RequestClosed:
		requestID, tell = e.RequestID, c.desk.provider.Withdraw
	}
	for _, r := range account.Requests {
		if r.RequestID != requestID {
			continue
		}
		crashpoint.Reach(crashpoint.BeforeProvider)
		notices, err := tell(ctx, Charge{Key: c.commandID(cause, "charge").String(), OrderID: orderID, RequestID: r.RequestID,
			Attempt: r.Attempt, AmountMinor: r.AmountMinor, Currency: r.Currency})
		crashpoint.Reach(crashpoint.AfterProvider)
		if err != nil {
			return err
		}
		for i, notice := range notices {
			if err := c.record(ctx, orderID, cause, "notice-"+strconv.Itoa(i), c.noticed(orderID, requestID, notice)); err != nil {
				return err
			}
		}
	}
	return nil
}

// noticed is the decision that records a notice.
func (c *Collection) noticed(orderID, requestID string, notice Notice) func(*Decision) (any, error) {
	return func(d *Decision) (any, error) {
		switch n := notice.(type) {
		case Paid:
			return c.desk.capture(d, arrived{OrderID: orderID, Identity: n.PaymentID, AmountMinor: n.AmountMinor, Currency: n.Currency, Source: CollectionName})
		case Declined:
			return accounts.decide(d, orderID, payment.RecordFailure{RequestID: requestID, Code: n.Code, Retryable: n.Retryable})
		}
		return nil, nil
	}
}

// payOut lets the provider pay a refund, or tell what became of it, and records that.
func (c *Collection) payOut(ctx context.Context, orderID string, cause eventstore.Record, ask checkout.Ask) error {
	refund := ask.Refund
	payout := Payout{Key: c.commandID(cause, "payout").String(), OrderID: orderID, RefundID: refund.RefundID, CaptureID: refund.CaptureID,
		AmountMinor: refund.AmountMinor, Currency: refund.Currency, Attempt: refund.Attempts}
	var result PayoutResult
	var err error
	if ask.What == checkout.AskWhat || c.desk.queue.now().Sub(cause.RecordedAt) > askFirst {
		result, err = c.desk.provider.Lookup(ctx, payout)
	}
	if err == nil && ask.What == checkout.AskPay && !result.known() {
		crashpoint.Reach(crashpoint.BeforeProvider)
		result, err = c.desk.provider.Pay(ctx, payout)
		crashpoint.Reach(crashpoint.AfterProvider)
	}
	if err != nil || ask.What == checkout.AskPay && !result.known() {
		return err
	}
	return c.record(ctx, orderID, cause, "result", func(d *Decision) (any, error) {
		return accounts.decide(d, orderID, c.answer(d, orderID, refund, result))
	})
}

// answer is what a payout's result means for the account.
func (c *Collection) answer(d *Decision, orderID string, refund payment.Refund, result PayoutResult) payment.Command {
	about := payment.Answered{RefundID: refund.RefundID, ReviewID: d.NewID("review")}
	switch {
	case result.Paid:
		return payment.RecordRefunded{Answered: about}
	case result.Failed != "":
		return payment.RecordRefundFailed{Answered: about, Code: result.Failed, Retry: c.desk.retries(orderID), Now: millis(d.Now)}
	}
	return payment.RaiseReview{ReviewID: about.ReviewID, Reason: payment.ReviewRefundUnconfirmed, CaptureID: refund.CaptureID,
		RefundID: refund.RefundID, AmountMinor: refund.AmountMinor, Currency: refund.Currency}
}

// commandID is one command that an event leads to, the same however often the event comes.
func (c *Collection) commandID(cause eventstore.Record, what string) uuid.UUID {
	return uuid.NewSHA1(cause.EventID, []byte("ordermill:reactor:"+CollectionName+":"+what))
}

// record runs a decision once for its cause.
func (c *Collection) record(ctx context.Context, orderID string, cause eventstore.Record, what string, decide func(*Decision) (any, error)) error {
	return c.desk.queue.once(ctx, CollectionName, Command{
		ID:     c.commandID(cause, what),
		Meta:   eventstore.Metadata{CausationID: cause.EventID.String(), CorrelationID: orderID, Actor: CollectionName},
		Reads:  []Ref{orders.ref(orderID), accounts.ref(orderID)},
		Decide: decide,
	})
}

// retries is when a refund of an order that failed is tried again: never, where no machine can try it.
func (d *Desk) retries(orderID string) payment.Ladder {
	if !d.provider.Acts(orderID) {
		return payment.Ladder{}
	}
	return d.timingOf(orderID).ladder()
}

// timingOf is how long the shop waits for whom in an order's checkout.
func (d *Desk) timingOf(orderID string) Timing { return d.provider.Timing(orderID, d.timing) }
