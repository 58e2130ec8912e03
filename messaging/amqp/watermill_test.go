package amqp

import (
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/internal/services"
	"ordermill/messaging"
	"ordermill/messaging/messagingtest"
)

func TestWatermillsOwnSuite_whereItApplies(t *testing.T) {
	messagingtest.RunWatermill(t, true, func(t *testing.T) tests.PubSubConstructor {
		transport, err := New(services.AMQP(t), Options{Prefix: services.Prefix(t)})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, transport.Close()) })
		return func(t *testing.T) (message.Publisher, message.Subscriber) {
			return events{transport.Publisher()}, messagingtest.Early(func(string) (message.Subscriber, error) {
				return transport.open(t.Context(), "orders", eventstore.Checkpoint{})
			})
		}
	}, "ConcurrentSubscribe", "InOrder", "ResendOnError", "NoAck", "PublisherClose", "MessageCtx")
}

// events publishes whatever comes to the one exchange there is.
type events struct{ message.Publisher }

func (e events) Publish(_ string, messages ...*message.Message) error {
	return e.Publisher.Publish(messaging.TopicEvents, messages...)
}
