package amqp

import (
	"context"
	"errors"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// Inbox hands letters to receive, in order, until ctx ends. A letter is acknowledged once its outcome is committed; if
// that cannot be told to the broker any more, the letter comes again.
func (t *Transport) Inbox(ctx context.Context, receive messaging.Receive) error {
	var pause subscription.Backoff
	for {
		err := t.readInbox(ctx, receive, pause.Reset)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.log.WarnContext(ctx, "inbox interrupted, connecting again", "transport", Name, "error", err)
		if err := pause.Wait(ctx); err != nil {
			return err
		}
	}
}

// readInbox reads on one connection until it is lost. Letters that were fetched and not acknowledged go back to their
// places when it is closed.
func (t *Transport) readInbox(ctx context.Context, receive messaging.Receive, connected func()) error {
	var letters <-chan amqp091.Delivery
	s, err := t.dial(ctx, "inbox", func(channel *amqp091.Channel) error {
		if err := declareInbox(channel, t.names); err != nil {
			return err
		}
		if err := channel.Qos(prefetch, 0, false); err != nil {
			return err
		}
		var err error
		letters, err = channel.Consume(t.names.inbox(), "", false, false, false, false, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer s.close()
	connected()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case letter, ok := <-letters:
			if !ok {
				return errors.New("RabbitMQ ended the subscription to " + t.names.inbox())
			}
			err := messaging.Commit(ctx, t.log, receive, messaging.Inbound{Source: Name, MessageID: letter.MessageId, Body: letter.Body})
			if err != nil {
				return err
			}
			if err := letter.Ack(false); err != nil {
				return fmt.Errorf("acknowledge a letter: %w", err)
			}
		}
	}
}
