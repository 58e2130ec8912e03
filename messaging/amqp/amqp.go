package amqp

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// Name of the transport.
const Name = "amqp"

// Options of a transport; the zero value is good.
type Options struct {
	Prefix string       // of exchanges and queues; default ordermill
	Log    *slog.Logger // default slog.Default()
}

// Transport carries records out to RabbitMQ and letters in. It has up to three connections: one to publish, which the
// broker may block while it is short of memory, one for our own consumers, and one for the inbox.
type Transport struct {
	url       string
	names     names
	log       *slog.Logger
	publisher *publisher
	feed      *messaging.Feed

	mu       sync.Mutex
	consumer *connection // nil until a feed first runs
	closed   bool
}

var _ messaging.Transport = (*Transport)(nil)

var errURL = errors.New("the RabbitMQ URL is not like amqp://user:password@host:5672/vhost (special characters in user and password as %XX)")

// New makes a transport over the broker at url (amqp:// or amqps://). It fails only if url makes no sense: connections
// are made when they are needed.
func New(url string, o Options) (*Transport, error) {
	if _, err := amqp091.ParseURI(url); err != nil {
		return nil, errURL // not err, which shows the password
	}
	if o.Prefix == "" {
		o.Prefix = messaging.DefaultPrefix
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	t := &Transport{url: url, names: names{o.Prefix}, log: o.Log}
	t.publisher = newPublisher(t.dial, t.names)
	t.feed = messaging.NewFeed(Name, messaging.TopicEvents, o.Log, t.open)
	return t, nil
}

// Name is amqp.
func (t *Transport) Name() string { return Name }

// Publisher publishes with confirms; see publisher.
func (t *Transport) Publisher() message.Publisher { return t.publisher }

// Feed wakes our own consumers.
func (t *Transport) Feed() subscription.Feed { return t.feed }

// SharedInbox is true: the broker picks a single active consumer among all copies.
func (t *Transport) SharedInbox() bool { return true }

// Close ends the connections. While the broker is away, it leaves one goroutine of Watermill's connection behind, which
// waits for a reconnect that was called off; that is a fault of the library, and harmless at the end of a program.
func (t *Transport) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.consumer != nil {
		t.consumer.close()
	}
	return t.publisher.Close()
}
