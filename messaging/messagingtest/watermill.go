package messagingtest

import (
	"context"
	"sync"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/stretchr/testify/require"
)

// watermill is the parts of Watermill's own suite that a transport of ours can promise; see the package comment.
var watermill = map[string]func(*testing.T, tests.TestContext, tests.PubSubConstructor){
	"PublishSubscribe":                 tests.TestPublishSubscribe,
	"ConcurrentSubscribe":              tests.TestConcurrentSubscribe,
	"InOrder":                          tests.TestPublishSubscribeInOrder,
	"ResendOnError":                    tests.TestResendOnError,
	"NoAck":                            tests.TestNoAck,
	"PublisherClose":                   tests.TestPublisherClose,
	"Topic":                            tests.TestTopic,
	"MessageCtx":                       tests.TestMessageCtx,
	"SubscribeCtx":                     tests.TestSubscribeCtx,
	"NewSubscriberReceivesOldMessages": tests.TestNewSubscriberReceivesOldMessages,
}

// RunWatermill runs the named parts of Watermill's suite, each on what open makes for it. They publish up to 10,000 messages
// before they read any, and 100 where the queue of a subscriber is short.
func RunWatermill(t *testing.T, short bool, open func(*testing.T) tests.PubSubConstructor, parts ...string) {
	for _, part := range parts {
		t.Run(part, func(t *testing.T) {
			require.Contains(t, watermill, part)
			watermill[part](t, tests.TestContext{TestID: tests.NewTestID(), Features: tests.Features{
				GuaranteedOrder: true, RequireSingleInstance: true, NewSubscriberReceivesOldMessages: true, ForceShort: short || testing.Short(),
			}}, open(t))
		})
	}
}

// Early makes subscribers of one subscription each into one that subscribes when a part of Watermill's suite prepares: it
// publishes then, and some transports keep nothing for who comes later. Subscribing again to a topic subscribes anew.
func Early(open func(topic string) (message.Subscriber, error)) message.Subscriber {
	return &early{open: open, prepared: map[string]<-chan *message.Message{}}
}

type early struct {
	open func(topic string) (message.Subscriber, error)

	mu          sync.Mutex
	prepared    map[string]<-chan *message.Message
	subscribers []message.Subscriber
}

// SubscribeInitialize subscribes for the next Subscribe to this topic.
func (e *early) SubscribeInitialize(topic string) error {
	messages, err := e.subscribe(context.Background(), topic)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.prepared[topic] = messages
	return err
}

func (e *early) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	e.mu.Lock()
	messages := e.prepared[topic]
	delete(e.prepared, topic)
	e.mu.Unlock()
	if messages != nil {
		return messages, nil
	}
	return e.subscribe(ctx, topic)
}

func (e *early) subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	subscriber, err := e.open(topic)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.subscribers = append(e.subscribers, subscriber)
	e.mu.Unlock()
	return subscriber.Subscribe(ctx, topic)
}

func (e *early) Close() (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, subscriber := range e.subscribers {
		if closing := subscriber.Close(); closing != nil {
			err = closing
		}
	}
	return err
}
