package messaging_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a subscriber whose messages the test hands over itself.
type wire struct {
	messages chan *message.Message
	refuse   error
	closed   atomic.Bool
}

func newWire() *wire { return &wire{messages: make(chan *message.Message, 10)} }

func (w *wire) Subscribe(context.Context, string) (<-chan *message.Message, error) {
	return w.messages, w.refuse
}

func (w *wire) Close() error {
	w.closed.Store(true)
	return nil
}

// send hands a message over and returns it, so that the test sees what becomes of it.
func (w *wire) send(m *message.Message) *message.Message {
	w.messages <- m
	return m
}

func feed(w *wire) *messaging.Feed {
	return messaging.NewFeed("wire", "events", slog.New(slog.DiscardHandler),
		func(context.Context, string, eventstore.Checkpoint) (message.Subscriber, error) { return w, nil })
}

// run runs a feed until the test cancels it or it ends by itself.
func run(t *testing.T, f *messaging.Feed, deliver func(context.Context, subscription.Delivery) error) (cancel func(), ended <-chan error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, "orders", eventstore.Checkpoint{}, deliver) }()
	return cancel, done
}

func accept(context.Context, subscription.Delivery) error { return nil }

func TestFeed_subscriptionDies_runReturns(t *testing.T) {
	w := newWire()
	_, ended := run(t, feed(w), accept)
	m := w.send(messaging.Encode(sample()))
	<-m.Acked()
	close(w.messages)
	require.ErrorContains(t, <-ended, "ended by itself")
	require.True(t, w.closed.Load())
}

func TestFeed_subscribeFails_runReturnsAndCloses(t *testing.T) {
	w := newWire()
	w.refuse = errors.New("not connected")
	_, ended := run(t, feed(w), accept)
	require.ErrorIs(t, <-ended, w.refuse)
	require.True(t, w.closed.Load())
}

func TestFeed_foreign_acknowledgedAndCounted(t *testing.T) {
	w := newWire()
	f := feed(w)
	cancel, ended := run(t, f, func(context.Context, subscription.Delivery) error {
		panic("a foreign message must not be delivered")
	})
	for _, m := range []*message.Message{message.NewMessage("", nil), message.NewMessage("1", []byte(`{"id":1}`))} {
		<-w.send(m).Acked()
	}
	require.EqualValues(t, 2, f.Foreign())
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestFeed_deliverFails_messageNeitherAckedNorNacked(t *testing.T) {
	w := newWire()
	refusal := errors.New("lease lost")
	_, ended := run(t, feed(w), func(context.Context, subscription.Delivery) error { return refusal })
	m := w.send(messaging.Encode(sample()))
	require.ErrorIs(t, <-ended, refusal)
	requireUntouched(t, m)
}

func TestFeed_ends_inFlightIsAckedAndNoMoreTaken(t *testing.T) {
	w := newWire()
	delivering, finish := make(chan struct{}), make(chan struct{})
	cancel, ended := run(t, feed(w), func(context.Context, subscription.Delivery) error {
		close(delivering)
		<-finish
		require.False(t, w.closed.Load(), "closed under a delivery in flight")
		return nil
	})
	first, second := w.send(messaging.Encode(sample())), w.send(messaging.Encode(sample()))
	<-delivering
	cancel()
	close(finish)
	require.ErrorIs(t, <-ended, context.Canceled)
	<-first.Acked()
	requireUntouched(t, second)
}

func requireUntouched(t *testing.T, m *message.Message) {
	t.Helper()
	select {
	case <-m.Acked():
		t.Fatal("the message was acknowledged")
	case <-m.Nacked():
		t.Fatal("the message was refused, which would bring it again at once or reorder the queue")
	default:
	}
}
