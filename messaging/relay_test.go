package messaging_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// press is a transport of which only the publisher is used.
type press struct {
	messaging.Transport
	topic    string
	messages []*message.Message
	err      error
}

func (*press) Name() string                   { return "press" }
func (p *press) Publisher() message.Publisher { return p }
func (*press) Close() error                   { return nil }

func (p *press) Publish(topic string, messages ...*message.Message) error {
	p.topic, p.messages = topic, messages
	return p.err
}

func TestRelay_publishesBatchWhole_inOrder_withDeadline(t *testing.T) {
	p := &press{}
	relay := messaging.NewRelay(p)
	require.Equal(t, "relay-press", relay.Name())
	first, second := sample(), sample()
	second.Position++
	require.NoError(t, relay.React(t.Context(), subscription.Work{Key: "log", Deliveries: []subscription.Delivery{first, second}}))
	require.Equal(t, messaging.TopicEvents, p.topic)
	require.Len(t, p.messages, 2)
	for i, want := range []subscription.Delivery{first, second} {
		got, err := messaging.Decode(p.messages[i].Payload)
		require.NoError(t, err)
		require.Equal(t, want, got)
		deadline, ok := p.messages[i].Context().Deadline()
		require.True(t, ok)
		require.WithinDuration(t, time.Now().Add(messaging.ConfirmTimeout), deadline, time.Second)
	}
}

func TestRelay_everyRecordHasTheSameKey(t *testing.T) {
	relay := messaging.NewRelay(&press{})
	first, err := relay.Keys(sample().Record)
	require.NoError(t, err)
	other := sample()
	other.Stream = "item-A"
	second, err := relay.Keys(other.Record)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Len(t, first, 1)
}

func TestRelay_notConfirmed_isAnError(t *testing.T) {
	p := &press{err: errors.New("no confirm")}
	require.ErrorIs(t, messaging.NewRelay(p).React(t.Context(), subscription.Work{Deliveries: []subscription.Delivery{sample()}}), p.err)
}
