package messaging

import (
	"context"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/internal/crashpoint"
)

// ConfirmTimeout bounds the wait for a batch's confirms; a batch that is late counts as failed and is sent again whole.
const ConfirmTimeout = 10 * time.Second

// Relay publishes the log on one transport. It is a reactor like any other: its checkpoint says how far the log is
// published, a lease keeps it to one copy, and a batch is published at least once.
type Relay struct {
	name      string
	publisher message.Publisher
}

var _ subscription.Reactor = (*Relay)(nil)

// NewRelay makes the relay of a transport, named relay-<transport>.
func NewRelay(t Transport) *Relay {
	return &Relay{name: "relay-" + t.Name(), publisher: t.Publisher()}
}

// Name is the consumer's name.
func (r *Relay) Name() string { return r.name }

// Keys puts all records under one key: they go out in the order of the log.
func (r *Relay) Keys(eventstore.Record) ([]string, error) { return []string{"log"}, nil }

// React publishes the batch and returns once all of it is confirmed. Every error is worth another try.
func (r *Relay) React(ctx context.Context, work subscription.Work) error {
	ctx, cancel := context.WithTimeout(ctx, ConfirmTimeout)
	defer cancel()
	messages := make([]*message.Message, len(work.Deliveries))
	for i, d := range work.Deliveries {
		messages[i] = Encode(d)
		messages[i].SetContext(ctx)
	}
	crashpoint.Reach(crashpoint.BeforePublish)
	if err := r.publisher.Publish(TopicEvents, messages...); err != nil {
		return fmt.Errorf("%s: publish %d records: %w", r.name, len(messages), err)
	}
	crashpoint.Reach(crashpoint.AfterPublish)
	return nil
}
