package inprocess

import (
	"context"
	"log/slog"

	"github.com/ThreeDotsLabs/watermill/message"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// Name of the transport.
const Name = "inprocess"

// Options of a transport; the zero value is good.
type Options struct {
	Queue int          // messages a subscriber may be behind before it loses the oldest; default 1000
	Log   *slog.Logger // default slog.Default()
}

// Transport carries records within one process.
type Transport struct {
	bus  *bus
	feed *messaging.Feed
}

var _ messaging.Transport = (*Transport)(nil)

// New makes a transport.
func New(o Options) *Transport {
	if o.Queue == 0 {
		o.Queue = 1000
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	t := &Transport{bus: newBus(o.Queue)}
	t.feed = messaging.NewFeed(Name, messaging.TopicEvents, o.Log, func(context.Context, string, eventstore.Checkpoint) (message.Subscriber, error) {
		return t.Subscriber(), nil
	})
	return t
}

// Name is inprocess.
func (t *Transport) Name() string { return Name }

// Publisher returns from Publish once every subscriber has the messages in its queue.
func (t *Transport) Publisher() message.Publisher { return t.bus }

// Subscriber makes a subscriber of its own. It gets what is published after Subscribe; a message that is not
// acknowledged comes again.
func (t *Transport) Subscriber() message.Subscriber { return &subscriber{bus: t.bus} }

// Feed wakes our own consumers.
func (t *Transport) Feed() subscription.Feed { return t.feed }

// Inbox waits for ctx to end: within a process letters come in over HTTP.
func (t *Transport) Inbox(ctx context.Context, _ messaging.Receive) error {
	<-ctx.Done()
	return ctx.Err()
}

// SharedInbox is true: there is nothing to share.
func (t *Transport) SharedInbox() bool { return true }

// Close ends all subscriptions and waits for them.
func (t *Transport) Close() error { return t.bus.Close() }
