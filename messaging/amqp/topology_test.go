package amqp_test

import (
	"context"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
	"ordermill/messaging"
	"ordermill/messaging/amqp"
	"ordermill/messaging/messagingtest"
)

func publish(t testing.TB, transport messaging.Transport, records []subscription.Delivery) error {
	t.Helper()
	return messaging.NewRelay(transport).React(t.Context(), subscription.Work{Key: "log", Deliveries: records})
}

func TestPublish_nobodyListens_confirmedAndKeptAsUnrouted(t *testing.T) {
	p := place{services.AMQP(t), services.Prefix(t)}
	transport := p.Open(t)
	defer transport.Close()
	require.NoError(t, publish(t, transport, messagingtest.NewLog().Append(3)))
	p.with(t, func(channel *amqp091.Channel) error {
		queue, err := channel.QueueDeclarePassive(p.prefix+".unrouted", true, false, false, false, nil)
		require.Equal(t, 3, queue.Messages)
		return err
	})
}

func TestPublish_topologyDeleted_failsThenRepairs(t *testing.T) {
	for name, damage := range map[string]func(place, *amqp091.Channel) error{
		"exchange": func(p place, c *amqp091.Channel) error {
			return c.ExchangeDelete(p.prefix+".events", false, false)
		},
		"unrouted queue": func(p place, c *amqp091.Channel) error {
			_, err := c.QueueDelete(p.prefix+".unrouted", false, false, false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := place{services.AMQP(t), services.Prefix(t)}
			transport := p.Open(t)
			defer transport.Close()
			log := messagingtest.NewLog()
			require.NoError(t, publish(t, transport, log.Append(1)))
			p.with(t, func(c *amqp091.Channel) error { return damage(p, c) })
			records := log.Append(300)
			require.Error(t, publish(t, transport, records), "what no queue took is not published")
			require.NoError(t, publish(t, transport, records))
		})
	}
}

func TestPublish_contextEnds_nextCallConnectsAnew(t *testing.T) {
	p := place{services.AMQP(t), services.Prefix(t)}
	transport := p.Open(t)
	defer transport.Close()
	m := messaging.Encode(messagingtest.NewLog().Append(1)[0])
	m.SetContext(t.Context())
	require.NoError(t, transport.Publisher().Publish(messaging.TopicEvents, m))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	m.SetContext(ended)
	require.Error(t, transport.Publisher().Publish(messaging.TopicEvents, m))
	m.SetContext(t.Context())
	require.NoError(t, transport.Publisher().Publish(messaging.TopicEvents, m))
}

func TestPublisher_closed_refuses(t *testing.T) {
	transport := place{services.AMQP(t), services.Prefix(t)}.Open(t)
	require.NoError(t, transport.Close())
	require.Error(t, transport.Publisher().Publish(messaging.TopicEvents, message.NewMessage("1", nil)))
}

func TestNew_badURL_saysWhatIsRight(t *testing.T) {
	_, err := amqp.New("localhost", amqp.Options{})
	require.ErrorContains(t, err, "amqp://user:password@host")
}

// declaring with other properties is refused by the broker, so a plain declaration tells what is there.
func TestTopology_asDocumented(t *testing.T) {
	p := place{services.AMQP(t), services.Prefix(t)}
	transport := p.Open(t)
	defer transport.Close()
	require.NoError(t, publish(t, transport, messagingtest.NewLog().Append(1)))
	ctx, cancel := context.WithCancel(t.Context())
	letters, ended := make(chan messaging.Inbound), make(chan error, 1)
	go func() {
		ended <- transport.Inbox(ctx, func(_ context.Context, letter messaging.Inbound) error {
			letters <- letter
			return nil
		})
	}()
	for got := false; !got; { // what is sent before the queue is declared is lost
		p.Send(t, []byte("1"))
		select {
		case letter := <-letters:
			require.Equal(t, messaging.Inbound{Source: "amqp", MessageID: "set-by-sender", Body: []byte("1")}, letter)
			got = true
		case <-time.After(50 * time.Millisecond):
		}
	}
	cancel()
	for len(ended) == 0 {
		select {
		case <-letters: // sent before the first arrived
		case err := <-ended:
			ended <- err
		}
	}
	require.ErrorIs(t, <-ended, context.Canceled)
	p.with(t, func(c *amqp091.Channel) error {
		return c.ExchangeDeclare(p.prefix+".events", "topic", true, false, false, false, amqp091.Table{"alternate-exchange": p.prefix + ".unrouted"})
	})
	p.with(t, func(c *amqp091.Channel) error {
		_, err := c.QueueDeclare(p.prefix+".inbox", true, false, false, false,
			amqp091.Table{"x-queue-type": "quorum", "x-single-active-consumer": true})
		return err
	})
}
