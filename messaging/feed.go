package messaging

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// Open makes a subscriber that brings one consumer what comes after its checkpoint. Run closes it.
type Open func(ctx context.Context, consumer string, from eventstore.Checkpoint) (message.Subscriber, error)

// Feed is the feed of every transport: a Watermill subscriber, a router with one handler, and the rules of when to
// acknowledge.
type Feed struct {
	name    string
	topic   string
	open    Open
	log     *slog.Logger
	foreign atomic.Int64
}

var _ subscription.Feed = (*Feed)(nil)

// NewFeed makes a transport's feed, which subscribes to topic.
func NewFeed(transport, topic string, log *slog.Logger, open Open) *Feed {
	return &Feed{name: transport, topic: topic, open: open, log: log}
}

// Name is the transport's.
func (f *Feed) Name() string { return f.name }

// Foreign counts the messages that were not records of ours since the start. They are acknowledged and forgotten:
// refusing one would bring it again for ever, or close the subscription.
func (f *Feed) Foreign() int64 { return f.foreign.Load() }

// Run brings records until ctx ends, the subscription dies, or deliver returns an error, and returns that as an error.
func (f *Feed) Run(ctx context.Context, consumer string, from eventstore.Checkpoint, deliver func(context.Context, subscription.Delivery) error) error {
	subscriber, err := f.open(ctx, consumer, from)
	if err != nil {
		return fmt.Errorf("%s feed of %s: %w", f.name, consumer, err)
	}
	err = route(ctx, f.log, consumer, f.topic, subscriber, func(m *message.Message) error {
		d, err := Decode(m.Payload)
		if err != nil {
			f.foreign.Add(1)
			f.log.DebugContext(ctx, "foreign message ignored", "transport", f.name, "consumer", consumer, "reason", err)
			return nil
		}
		return deliver(ctx, d)
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s feed of %s: %w", f.name, consumer, err)
}
