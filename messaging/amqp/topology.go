package amqp

import (
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ordermill/messaging"
)

const (
	consumerQueueLength = 1000 // of our own consumers' queues; beyond it the oldest is dropped, and the log is read
	unroutedQueueLength = 1000
	prefetch            = 64
)

// names of what we declare, all under one prefix.
type names struct{ prefix string }

func (n names) exchange(topic string) string { return n.prefix + "." + topic }
func (n names) unrouted() string             { return n.prefix + ".unrouted" }
func (n names) inbox() string                { return n.prefix + "." + messaging.TopicInbox }

// declareEvents declares the exchange for records and what catches the unrouted ones. Declaring what exists is nothing;
// what exists with other properties is an error, and closes the channel.
//
// With the catching queue, mandatory means something: an event nobody has bound a queue for is routed to it and not
// returned, so a returned message says that our topology is broken (somebody deleted a part of it), which declaring it
// again repairs.
func declareEvents(channel *amqp091.Channel, n names) error {
	if err := channel.ExchangeDeclare(n.unrouted(), "fanout", true, false, false, false, nil); err != nil {
		return fmt.Errorf("declare exchange %s: %w", n.unrouted(), err)
	}
	if _, err := channel.QueueDeclare(n.unrouted(), true, false, false, false, amqp091.Table{
		"x-max-length": int32(unroutedQueueLength), "x-overflow": "drop-head",
	}); err != nil {
		return fmt.Errorf("declare queue %s: %w", n.unrouted(), err)
	}
	if err := channel.QueueBind(n.unrouted(), "", n.unrouted(), false, nil); err != nil {
		return fmt.Errorf("bind queue %s: %w", n.unrouted(), err)
	}
	events := n.exchange(messaging.TopicEvents)
	if err := channel.ExchangeDeclare(events, "topic", true, false, false, false, amqp091.Table{
		"alternate-exchange": n.unrouted(),
	}); err != nil {
		return fmt.Errorf("declare exchange %s: %w", events, err)
	}
	return nil
}

// declareConsumer declares the queue of one of our own consumers, bound to every event. It goes with its consumer.
func declareConsumer(channel *amqp091.Channel, n names, queue string) error {
	if err := declareEvents(channel, n); err != nil {
		return err
	}
	if _, err := channel.QueueDeclare(queue, false, true, true, false, amqp091.Table{
		"x-max-length": int32(consumerQueueLength), "x-overflow": "drop-head",
	}); err != nil {
		return fmt.Errorf("declare queue %s: %w", queue, err)
	}
	if err := channel.QueueBind(queue, "#", n.exchange(messaging.TopicEvents), false, nil); err != nil {
		return fmt.Errorf("bind queue %s: %w", queue, err)
	}
	return nil
}

// declareInbox declares the queue for letters. It takes no limits: a letter is never dropped.
func declareInbox(channel *amqp091.Channel, n names) error {
	if _, err := channel.QueueDeclare(n.inbox(), true, false, false, false, amqp091.Table{
		"x-queue-type": "quorum", "x-single-active-consumer": true,
	}); err != nil {
		return fmt.Errorf("declare queue %s (if it exists with other properties, delete it): %w", n.inbox(), err)
	}
	return nil
}
