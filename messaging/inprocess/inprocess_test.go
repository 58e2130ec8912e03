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

// early subscribes when a test of Watermill's asks it to prepare, because the bus keeps nothing for who comes later.
type early struct {
	message.Subscriber
	messages map[string]<-chan *message.Message
}

func (e early) SubscribeInitialize(topic string) (err error) {
	e.messages[topic], err = e.Subscriber.Subscribe(context.Background(), topic)
	return err
}

func (e early) Subscribe(_ context.Context, topic string) (<-chan *message.Message, error) {
	return e.messages[topic], nil
}

func TestWatermillsOwnSuite_whereItApplies(t *testing.T) {
	for name, test := range map[string]func(*testing.T, tests.TestContext, tests.PubSubConstructor){
		"PublishSubscribe":    tests.TestPublishSubscribe,
		"ConcurrentSubscribe": tests.TestConcurrentSubscribe,
		"InOrder":             tests.TestPublishSubscribeInOrder,
		"ResendOnError":       tests.TestResendOnError,
		"NoAck":               tests.TestNoAck,
		"PublisherClose":      tests.TestPublisherClose,
		"Topic":               tests.TestTopic,
		"MessageCtx":          tests.TestMessageCtx,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, tests.TestContext{
				TestID:   tests.NewTestID(),
				Features: tests.Features{GuaranteedOrder: true, RequireSingleInstance: true, ForceShort: testing.Short()},
			}, func(t *testing.T) (message.Publisher, message.Subscriber) {
				transport := inprocess.New(inprocess.Options{Queue: 20_000}) // these tests publish all before they read
				return transport.Publisher(), early{transport.Subscriber(), map[string]<-chan *message.Message{}}
			})
		})
	}
}
