package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/order"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
	"ordermill/internal/crashpoint"
)

// Mail is one message to a customer.
type Mail struct {
	MessageID string // fixed per occasion: the same mail sent twice is one mail
	OrderID   string
	To        string // empty while no contact is known
	Subject   string
	Text      string
	SentAt    time.Time // set by the carrier
}

// Mailer sends mail. The same Message-ID again must not reach a customer twice if the mailer can help it.
type Mailer interface {
	Send(ctx context.Context, mail Mail) error
}

// Confirmations is the reactor that sends a confirmation for every confirmed order and records that it did.
type Confirmations struct {
	queue   *Queue
	mailer  Mailer
	channel string // as recorded: mailbox, smtp
}

// NewConfirmations sends through mailer.
func NewConfirmations(queue *Queue, mailer Mailer, channel string) *Confirmations {
	return &Confirmations{queue, mailer, channel}
}

var _ subscription.Reactor = (*Confirmations)(nil)

// Name is the consumer's name.
func (c *Confirmations) Name() string { return "mail" }

// Keys is the order's id, for orders that were just confirmed. It stops at an event that is not known here.
func (c *Confirmations) Keys(record eventstore.Record) ([]string, error) {
	if err := codec.Known(record); err != nil {
		return nil, err
	}
	if record.Type != order.ConfirmedType {
		return nil, nil
	}
	_, id, err := eventstore.SplitStream(record.Stream)
	return []string{id}, err
}

// React sends first and records then, so a crash in between sends the same Message-ID again rather than never.
func (c *Confirmations) React(ctx context.Context, work subscription.Work) error {
	cause, orderID := work.Deliveries[0].Record, work.Key
	mail := Mail{
		MessageID: "<" + cause.EventID.String() + "@ordermill>",
		OrderID:   orderID,
		Subject:   fmt.Sprintf("Your order %s is confirmed", orderID),
		Text:      fmt.Sprintf("Thank you. We have your payment, the goods of order %s are set aside for you, and we will ship them.\n", orderID),
	}
	crashpoint.Reach(crashpoint.BeforeMail)
	if err := c.mailer.Send(ctx, mail); err != nil {
		return err
	}
	crashpoint.Reach(crashpoint.AfterMail)
	return c.queue.once(ctx, c.Name(), Command{
		ID:    uuid.NewSHA1(cause.EventID, []byte("confirmation")),
		Meta:  eventstore.Metadata{CausationID: cause.EventID.String(), CorrelationID: orderID, Actor: c.Name()},
		Reads: []Ref{orders.ref(orderID)},
		Decide: func(d *Decision) (any, error) {
			return orders.decide(d, orderID, order.RecordConfirmationSent{Channel: c.channel, MessageID: mail.MessageID})
		},
	})
}
