package amqp

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// window is how many messages may be on their way without a confirm.
const window = 256

var errPublisherClosed = errors.New("the publisher is closed")

// publisher is a Watermill publisher for records. Publish returns nil once the broker has confirmed every message, which
// it does when a queue has taken it; otherwise the batch may be there wholly, partly or not at all, and the connection
// is made anew, topology included, by the next call. Batches go out one after another.
type publisher struct {
	dial  func(ctx context.Context, purpose string, prepare func(*amqp091.Channel) error) (*session, error)
	names names

	turn    chan struct{} // holds one token while a batch is under way; guards what follows
	session *session
	returns chan amqp091.Return
	pause   subscription.Backoff
	failed  bool // the last dial

	closed chan struct{}
	once   sync.Once
}

func newPublisher(dial func(context.Context, string, func(*amqp091.Channel) error) (*session, error), n names) *publisher {
	return &publisher{dial: dial, names: n, turn: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Publish sends the messages, in order, to the topic's exchange, with their event type as routing key. It obeys the first
// message's context and its own deadline.
func (p *publisher) Publish(topic string, messages ...*message.Message) error {
	if len(messages) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(messages[0].Context(), messaging.ConfirmTimeout)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return fmt.Errorf("wait for another batch: %w", ctx.Err())
	}
	if err := p.connect(ctx); err != nil {
		return err
	}
	session := p.session
	watch := context.AfterFunc(ctx, func() { session.socket.Close() })
	err := p.send(ctx, p.names.exchange(topic), messages)
	if !watch() || err != nil {
		session.cut()
		return errors.Join(err, ctx.Err())
	}
	return nil
}

// connect makes sure of a session. After a failure the next try waits, longer each time.
func (p *publisher) connect(ctx context.Context) error {
	select {
	case <-p.closed:
		return errPublisherClosed
	default:
	}
	if p.session.alive() {
		return nil
	}
	if p.session != nil {
		p.session.cut()
		p.session = nil
	}
	if p.failed {
		if err := p.pause.Wait(ctx); err != nil {
			return fmt.Errorf("wait before connecting to RabbitMQ again: %w", err)
		}
	}
	s, err := p.dial(ctx, "publisher", func(channel *amqp091.Channel) error {
		p.returns = channel.NotifyReturn(make(chan amqp091.Return, window)) // a full channel would stop the library's reader
		return errors.Join(declareEvents(channel, p.names), channel.Confirm(false))
	})
	if p.failed = err != nil; p.failed {
		return err
	}
	p.pause.Reset()
	p.session = s
	return nil
}

func (p *publisher) send(ctx context.Context, exchange string, messages []*message.Message) error {
	pending := make([]*amqp091.DeferredConfirmation, len(messages))
	for i, m := range messages {
		if i >= window {
			if err := p.confirmed(ctx, pending[i-window]); err != nil {
				return err
			}
		}
		var err error
		if pending[i], err = p.session.channel.PublishWithDeferredConfirm(
			exchange, m.Metadata.Get(messaging.MetadataType), true, false, publishing(m)); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
	for _, confirmation := range pending[max(0, len(messages)-window):] {
		if err := p.confirmed(ctx, confirmation); err != nil {
			return err
		}
	}
	return nil
}

// confirmed waits for one confirm. The broker sends a return before the confirm of the same message.
func (p *publisher) confirmed(ctx context.Context, confirmation *amqp091.DeferredConfirmation) error {
	acked, err := confirmation.WaitContext(ctx)
	if err != nil {
		return fmt.Errorf("wait for a confirm: %w", err)
	}
	select {
	case r, ok := <-p.returns:
		if ok {
			return fmt.Errorf("RabbitMQ found no queue for %s, not even the one for unrouted messages: %s", r.RoutingKey, r.ReplyText)
		}
	default:
	}
	if !acked {
		return errors.New("RabbitMQ refused a message, or the connection was lost before the confirm")
	}
	return nil
}

func publishing(m *message.Message) amqp091.Publishing {
	return amqp091.Publishing{
		ContentType:  messaging.ContentType,
		DeliveryMode: amqp091.Persistent,
		MessageId:    m.UUID,
		Type:         m.Metadata.Get(messaging.MetadataType),
		AppId:        "ordermill",
		Body:         m.Payload,
	}
}

// Close waits for the batch under way and ends the connection. It may be called again.
func (p *publisher) Close() error {
	p.once.Do(func() { close(p.closed) })
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if p.session.alive() {
		p.session.close()
	}
	p.session = nil
	return nil
}
