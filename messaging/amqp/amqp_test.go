package amqp_test

import (
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/internal/services"
	"ordermill/messaging"
	"ordermill/messaging/amqp"
	"ordermill/messaging/messagingtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction( // see Transport.Close
		"github.com/ThreeDotsLabs/watermill-amqp/v3/pkg/amqp.(*ConnectionWrapper).handleConnectionClose"))
}

// place is a prefix on a broker.
type place struct{ url, prefix string }

func (p place) Open(t testing.TB) messaging.Transport {
	transport, err := amqp.New(p.url, amqp.Options{Prefix: p.prefix})
	require.NoError(t, err)
	return transport
}

// with runs a plain client's work on a channel of its own.
func (p place) with(t testing.TB, work func(*amqp091.Channel) error) {
	t.Helper()
	conn, err := amqp091.Dial(p.url)
	require.NoError(t, err)
	defer conn.Close()
	channel, err := conn.Channel()
	require.NoError(t, err)
	require.NoError(t, work(channel))
}

func (p place) publish(t testing.TB, exchange, key string, m amqp091.Publishing) {
	t.Helper()
	p.with(t, func(channel *amqp091.Channel) error {
		if err := channel.Confirm(false); err != nil {
			return err
		}
		confirm, err := channel.PublishWithDeferredConfirm(exchange, key, false, false, m)
		if err == nil {
			_, err = confirm.WaitContext(t.Context())
		}
		return err
	})
}

func (p place) Inject(t testing.TB, body []byte) {
	p.publish(t, p.prefix+".events", "order.placed", amqp091.Publishing{
		Body: body, Headers: amqp091.Table{"x-delivery-count": int64(3), "list": []any{int32(1)}},
	})
}

func (p place) Send(t testing.TB, body []byte) {
	p.publish(t, "", p.prefix+".inbox", amqp091.Publishing{Body: body, MessageId: "set-by-sender"})
}

func (p place) Keep(t testing.TB) func() []int64 {
	queue := p.prefix + ".outsider"
	p.with(t, func(channel *amqp091.Channel) error {
		if _, err := channel.QueueDeclare(queue, true, false, false, false, nil); err != nil {
			return err
		}
		return channel.QueueBind(queue, "order.*", p.prefix+".events", false, nil)
	})
	var positions []int64
	return func() []int64 {
		p.with(t, func(channel *amqp091.Channel) error {
			for {
				m, ok, err := channel.Get(queue, true)
				if err != nil || !ok {
					return err
				}
				d, err := messaging.Decode(m.Body)
				require.NoError(t, err)
				require.Equal(t, d.EventID.String(), m.MessageId)
				require.Equal(t, d.Type, m.Type)
				require.Equal(t, messaging.ContentType, m.ContentType)
				positions = append(positions, d.Position)
			}
		})
		return positions
	}
}

func target(url string) messagingtest.Target {
	return messagingtest.Target{
		Fresh:   func(t testing.TB) messagingtest.Names { return place{url, services.Prefix(t)} },
		Letters: true, Outside: true,
	}
}

func TestTransport(t *testing.T) { messagingtest.Run(t, target(services.AMQP(t))) }
