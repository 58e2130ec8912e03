package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
	"ordermill/messaging/amqp"
	"ordermill/messaging/messagingtest"
	"ordermill/messaging/redisstream"
)

const (
	relayed = 500 // records of a batch, as many as a relay takes at once
	window  = 256 // confirms that the plain publisher waits for at a time
	maxLen  = 20_000
)

// batch is what is published again and again, as records and in the wire format.
type batch struct {
	records  []subscription.Delivery
	ready    []amqp091.Publishing
	position int64 // of the last record sent
}

func newBatch() *batch {
	b := &batch{records: messagingtest.NewLog().Append(relayed), position: 0}
	for _, d := range b.records {
		m := messaging.Encode(d)
		b.ready = append(b.ready, amqp091.Publishing{
			ContentType: messaging.ContentType, DeliveryMode: amqp091.Persistent, MessageId: m.UUID, Type: d.Type, AppId: "ordermill", Body: m.Payload,
		})
	}
	return b
}

// next is the batch at the positions after the last, which Redis demands.
func (b *batch) next() subscription.Work {
	records := slices.Clone(b.records)
	for i := range records {
		records[i].Position += b.position
	}
	b.position += relayed
	return subscription.Work{Key: "log", Deliveries: records}
}

// relayRabbitMQ compares the relay, which encodes, with ready bodies over amqp091 alone: the same exchange, durable queue, properties
// and confirms. The queue is emptied before every round.
func (b *bench) relayRabbitMQ(ctx context.Context, name string) error {
	broker, err := b.group.RabbitMQ()
	if err != nil {
		return err
	}
	defer broker.Stop()
	transport, err := amqp.New(broker.URL, amqp.Options{})
	if err != nil {
		return err
	}
	defer transport.Close()
	relay, sent := messaging.NewRelay(transport), newBatch()
	if err := relay.React(ctx, sent.next()); err != nil { // declares the exchange
		return err
	}
	conn, err := amqp091.Dial(broker.URL)
	if err != nil {
		return err
	}
	defer conn.Close()
	channel, err := conn.Channel()
	if err != nil {
		return err
	}
	const exchange, queue = messaging.DefaultPrefix + "." + messaging.TopicEvents, "outsider"
	if _, err := channel.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		return err
	}
	if err := channel.QueueBind(queue, "#", exchange, false, nil); err != nil {
		return err
	}
	if err := channel.Confirm(false); err != nil {
		return err
	}
	plain := func(context.Context, int) error { return publishPlain(channel, exchange, sent.ready) }
	return b.compareRelays(ctx, name, relay, sent, plain, func() error {
		_, err := channel.QueuePurge(queue, false)
		return err
	})
}

// publishPlain publishes with at most window confirms outstanding.
func publishPlain(channel *amqp091.Channel, exchange string, messages []amqp091.Publishing) error {
	pending := make([]*amqp091.DeferredConfirmation, 0, len(messages)+window)
	for i := range len(messages) + window {
		if i >= window && i-window < len(pending) && !pending[i-window].Wait() {
			return fmt.Errorf("message %d was not confirmed", i-window)
		}
		if i < len(messages) {
			confirmation, err := channel.PublishWithDeferredConfirm(exchange, messages[i].Type, false, false, messages[i])
			if err != nil {
				return err
			}
			pending = append(pending, confirmation)
		}
	}
	return nil
}

// relayRedis compares the relay, which encodes, with ready bodies in a plain pipeline of go-redis: the same fields, explicit ids and
// bound, each on a stream of its own.
func (b *bench) relayRedis(ctx context.Context, name string) error {
	server, err := b.group.Redis()
	if err != nil {
		return err
	}
	defer server.Stop()
	transport, err := redisstream.New(server.URL, redisstream.Options{MaxLen: maxLen})
	if err != nil {
		return err
	}
	defer transport.Close()
	options, err := redis.ParseURL(server.URL)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close()
	sent, position := newBatch(), int64(0)
	plain := func(ctx context.Context, _ int) error {
		_, err := client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, m := range sent.ready {
				position++
				pipe.XAdd(ctx, &redis.XAddArgs{
					Stream: "plain", MaxLen: maxLen, Approx: true, ID: strconv.FormatInt(position, 10) + "-0",
					Values: []any{"event_id", m.MessageId, "type", m.Type, "payload", m.Body},
				})
			}
			return nil
		})
		return err
	}
	return b.compareRelays(ctx, name, messaging.NewRelay(transport), sent, plain, func() error { return nil })
}

// compareRelays runs the rounds of one publisher against the other; clear comes before each.
func (b *bench) compareRelays(ctx context.Context, name string, relay *messaging.Relay, sent *batch, plain operation, clear func() error) error {
	round := func(do operation) func() (rate, error) {
		return func() (rate, error) {
			if err := clear(); err != nil {
				return rate{}, err
			}
			return load(ctx, 1, b.round, do)
		}
	}
	pairs, err := interleave(b.rounds, round(func(ctx context.Context, _ int) error { return relay.React(ctx, sent.next()) }), round(plain))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	l := line{what: name, unit: "records/s", bound: bound{must: 0.5}}
	for _, p := range pairs {
		l.ours, l.theirs = append(l.ours, relayed*p.ours.perSecond), append(l.theirs, relayed*p.theirs.perSecond)
	}
	b.print(l)
	return nil
}
