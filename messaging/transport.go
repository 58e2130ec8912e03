package messaging

import (
	"context"

	"github.com/ThreeDotsLabs/watermill/message"

	"ordermill/eventstore/subscription"
)

// Topics are named alike on every transport, which puts its prefix before them (ordermill.events, ordermill:events).
const (
	TopicEvents = "events" // the log's records, outwards
	TopicInbox  = "inbox"  // letters, inwards
)

// DefaultPrefix names our exchanges, queues and streams unless an option says otherwise.
const DefaultPrefix = "ordermill"

// Transport is one way in and out. Making one connects to nothing; each part connects when it is used, and again after
// every loss.
type Transport interface {
	// Name is inprocess, amqp or redis.
	Name() string
	// Publisher returns from Publish once every message is confirmed, and gives up after 10 s. A batch that failed may be sent
	// again whole.
	Publisher() message.Publisher
	// Feed wakes our own consumers.
	Feed() subscription.Feed
	// Inbox hands letters to receive until ctx ends, then returns ctx's error. It acknowledges a letter once receive
	// returned nil, and calls receive again, order kept, until it does. SharedInbox tells how many copies may run it.
	Inbox(ctx context.Context, receive Receive) error
	// SharedInbox reports whether every copy of the program may run Inbox; if not, one may, under a lease.
	SharedInbox() bool
	// Close ends the connections; Feed.Run and Inbox have returned before. It may be called again.
	Close() error
}

// Inbound is a letter as a broker brought it: not yet looked into, and perhaps not a letter at all.
type Inbound struct {
	Source    string // amqp or redis
	MessageID string // the AMQP property message-id, as the sender set it; else ""
	Ref       string // the Redis entry's id; else ""
	Amiss     string // why this can be no letter, if the transport sees it: Body is then what there was instead; else ""
	Body      []byte
}

// Receive decides a letter. nil: its outcome is committed, whatever it is. An error: nothing is committed, the same
// letter comes again.
type Receive func(context.Context, Inbound) error

// Cursor remembers how far an inbox has been read, where the broker does not. Load returns "" at first.
type Cursor interface {
	Load(ctx context.Context) (string, error)
	Save(ctx context.Context, id string) error
}
