package redisstream

import (
	"context"
	"strconv"
	"strings"
	"sync"
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
	messagingtest.RunWatermill(t, false, func(t *testing.T) tests.PubSubConstructor {
		transport, err := New(services.Redis(t), Options{Prefix: services.Prefix(t)})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, transport.Close()) })
		log := &numbering{publisher: transport.publisher}
		return func(t *testing.T) (message.Publisher, message.Subscriber) {
			return log, streams{messagingtest.Early(func(string) (message.Subscriber, error) {
				return transport.open(t.Context(), "orders", eventstore.Checkpoint{})
			}), transport.publisher.prefix}
		}
	}, "ConcurrentSubscribe", "InOrder", "ResendOnError", "NoAck", "PublisherClose", "Topic", "MessageCtx", "SubscribeCtx", "NewSubscriberReceivesOldMessages")
}

// numbering gives messages their positions, as the log does: in the order in which they are published.
type numbering struct {
	*publisher
	mu   sync.Mutex
	last int64
}

func (n *numbering) Publish(topic string, messages ...*message.Message) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range messages {
		n.last++
		m.Metadata.Set(messaging.MetadataPosition, strconv.FormatInt(n.last, 10))
	}
	return n.publisher.Publish(topic, messages...)
}

// streams subscribes to the stream of a topic.
type streams struct {
	message.Subscriber
	prefix string
}

func (s streams) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	return s.Subscriber.Subscribe(ctx, s.prefix+":"+strings.TrimPrefix(topic, s.prefix+":"))
}
