package amqp

import (
	"context"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wamqp "github.com/ThreeDotsLabs/watermill-amqp/v3/pkg/amqp"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ordermill/eventstore"
	"ordermill/messaging"
)

// rebindEvery is the longest that a consumer hears nothing after the exchange was deleted and declared again.
const rebindEvery = 5 * time.Second

// open makes a subscriber with a queue of its own on the consumers' connection. The queue starts empty: what is between
// the checkpoint and the first message is read from the log.
func (t *Transport) open(ctx context.Context, consumer string, _ eventstore.Checkpoint) (message.Subscriber, error) {
	c, err := t.consumers(ctx)
	if err != nil {
		return nil, err
	}
	queue := t.names.prefix + ".consumer." + consumer + "." + uuid.NewString()
	inner, err := wamqp.NewSubscriberWithConnection(wamqp.Config{
		Marshaler: marshaler{},
		Exchange:  wamqp.ExchangeConfig{GenerateName: t.names.exchange},
		Queue:     wamqp.QueueConfig{GenerateName: wamqp.GenerateQueueNameConstant(queue)},
		QueueBind: wamqp.QueueBindConfig{GenerateRoutingKey: func(string) string { return "#" }},
		Consume:   wamqp.ConsumeConfig{Exclusive: true, Qos: wamqp.QosConfig{PrefetchCount: prefetch}},

		TopologyBuilder: topology{t.names},
	}, messaging.Logger(t.log), c.conn)
	if err != nil {
		return nil, err
	}
	return &subscriber{Subscriber: inner, connection: c}, nil
}

// subscriber is Watermill's, with two additions. Watermill waits for a broker that hangs until the heartbeats fail; we
// cut the connection sooner. And it does not notice when somebody deletes the exchange, and its binding with it, so we
// declare both again every few seconds.
type subscriber struct {
	*wamqp.Subscriber
	connection *connection
	rebinding  sync.WaitGroup
	cancel     context.CancelFunc
}

// Subscribe is called once.
func (s *subscriber) Subscribe(ctx context.Context, topic string) (messages <-chan *message.Message, err error) {
	ctx, s.cancel = context.WithCancel(ctx)
	err = s.connection.within(dialTimeout, func() (err error) {
		messages, err = s.Subscriber.Subscribe(ctx, topic)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.rebinding.Go(func() {
		ticker := time.NewTicker(rebindEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				// An error means that the connection is lost; Watermill declares everything once it is back.
				_ = s.connection.within(dialTimeout, func() error { return s.SubscribeInitialize(topic) })
			}
		}
	})
	return messages, nil
}

// Close ends the subscription, within closeWait and what the socket takes to close.
func (s *subscriber) Close() error {
	return s.connection.within(closeWait, func() error {
		if s.cancel != nil {
			s.cancel()
		}
		s.rebinding.Wait() // it would declare the queue anew after its end
		return s.Subscriber.Close()
	})
}

// topology declares a consumer's queue for Watermill, which does so again after each reconnect.
type topology struct{ names names }

func (b topology) BuildTopology(channel *amqp091.Channel, p wamqp.BuildTopologyParams, _ wamqp.Config, _ watermill.LoggerAdapter) error {
	return declareConsumer(channel, b.names, p.QueueName)
}

func (b topology) ExchangeDeclare(channel *amqp091.Channel, _ string, _ wamqp.Config) error {
	return declareEvents(channel, b.names)
}

// marshaler takes any message as it is. Watermill's own refuses headers that are not strings, and a refused message
// comes again for ever. The empty message that a deleted queue brings is taken as well: it decodes to nothing.
type marshaler struct{}

func (marshaler) Marshal(m *message.Message) (amqp091.Publishing, error) { return publishing(m), nil }

func (marshaler) Unmarshal(d amqp091.Delivery) (*message.Message, error) {
	return message.NewMessage(d.MessageId, d.Body), nil
}
