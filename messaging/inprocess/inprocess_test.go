package inprocess_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/messaging"
	"ordermill/messaging/inprocess"
	"ordermill/messaging/messagingtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type names struct{ messagingtest.Names } // no broker: nothing is injected, kept or sent

func (names) Open(testing.TB) messaging.Transport { return inprocess.New(inprocess.Options{}) }

func TestTransport(t *testing.T) {
	messagingtest.Run(t, messagingtest.Target{Fresh: func(testing.TB) messagingtest.Names { return names{} }})
}

func TestSubscriber_behind_losesOldest(t *testing.T) {
	transport := inprocess.New(inprocess.Options{Queue: 3})
	defer transport.Close()
	messages, err := transport.Subscriber().Subscribe(t.Context(), "events")
	require.NoError(t, err)
	batch := make([]*message.Message, 10)
	for i := range batch {
		batch[i] = message.NewMessage(fmt.Sprint(i), nil)
	}
	require.NoError(t, transport.Publisher().Publish("events", batch...))
	for _, want := range []string{"7", "8", "9"} {
		m := <-messages
		require.Equal(t, want, m.UUID)
		m.Ack()
	}
}

func TestTransport_closed_refuses(t *testing.T) {
	transport := inprocess.New(inprocess.Options{})
	messages, err := transport.Subscriber().Subscribe(context.Background(), "events")
	require.NoError(t, err)
	require.NoError(t, transport.Close())
	_, open := <-messages
	require.False(t, open)
	require.Error(t, transport.Publisher().Publish("events", message.NewMessage("1", nil)))
	_, err = transport.Subscriber().Subscribe(context.Background(), "events")
	require.Error(t, err)
}

func TestWatermillsOwnSuite_whereItApplies(t *testing.T) {
	messagingtest.RunWatermill(t, false, func(*testing.T) tests.PubSubConstructor {
		return func(*testing.T) (message.Publisher, message.Subscriber) {
			transport := inprocess.New(inprocess.Options{Queue: 20_000}) // these tests publish all before they read
			return transport.Publisher(), messagingtest.Early(func(string) (message.Subscriber, error) { return transport.Subscriber(), nil })
		}
	}, "PublishSubscribe", "ConcurrentSubscribe", "InOrder", "ResendOnError", "NoAck", "PublisherClose", "Topic", "MessageCtx")
}
