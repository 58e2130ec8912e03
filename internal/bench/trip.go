package main

import (
	"context"
	"errors"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"

	"ordermill/messaging"
)

// tripRabbitMQ publishes as the relay does, to a topic exchange, and consumes as our consumers do, from an exclusive queue; with a
// connection for each, and without confirms and acknowledgements.
func tripRabbitMQ(url string, ready readyMessage) (trip, error) {
	publisher, err := amqp091.Dial(url)
	if err != nil {
		return trip{}, err
	}
	consumer, err := amqp091.Dial(url)
	if err != nil {
		publisher.Close()
		return trip{}, err
	}
	t := trip{close: func() { publisher.Close(); consumer.Close() }}
	const exchange = "bare"
	arrived, err := consumeBare(consumer, exchange)
	if err != nil {
		t.close()
		return trip{}, err
	}
	channel, err := publisher.Channel()
	if err != nil {
		t.close()
		return trip{}, err
	}
	message := amqp091.Publishing{ContentType: messaging.ContentType, DeliveryMode: amqp091.Persistent, MessageId: ready.id, Type: ready.kind, Body: ready.body}
	t.send = func(ctx context.Context) error {
		if err := channel.PublishWithContext(ctx, exchange, ready.kind, false, false, message); err != nil {
			return err
		}
		select {
		case _, open := <-arrived:
			if !open {
				return errors.New("RabbitMQ ended the bare consumer")
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return t, nil
}

func consumeBare(conn *amqp091.Connection, exchange string) (<-chan amqp091.Delivery, error) {
	channel, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	if err := channel.ExchangeDeclare(exchange, "topic", true, false, false, false, nil); err != nil {
		return nil, err
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return nil, err
	}
	if err := channel.QueueBind(queue.Name, "#", exchange, false, nil); err != nil {
		return nil, err
	}
	return channel.Consume(queue.Name, "", true, true, false, false, nil)
}

// tripRedis adds to a stream that another connection waits at.
func tripRedis(ctx context.Context, url string, ready readyMessage) (trip, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return trip{}, err
	}
	publisher, consumer := redis.NewClient(options), redis.NewClient(options)
	ctx, stop := context.WithCancel(ctx)
	arrived, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		for last := "0"; ; {
			streams, err := consumer.XRead(ctx, &redis.XReadArgs{Streams: []string{"bare", last}, Block: time.Second}).Result()
			if errors.Is(err, redis.Nil) {
				continue
			}
			if err == nil {
				last = streams[0].Messages[len(streams[0].Messages)-1].ID
			}
			select {
			case arrived <- err:
			case <-ctx.Done():
				return
			}
		}
	}()
	return trip{
		close: func() { stop(); consumer.Close(); publisher.Close(); <-ended },
		send: func(ctx context.Context) error {
			if err := publisher.XAdd(ctx, &redis.XAddArgs{Stream: "bare", MaxLen: maxLen, Approx: true,
				Values: []any{"event_id", ready.id, "type", ready.kind, "payload", ready.body}}).Err(); err != nil {
				return err
			}
			select {
			case err := <-arrived:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}, nil
}
