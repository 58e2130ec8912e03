//go:build !race

package amqp_test

import (
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
	"ordermill/messaging/messagingtest"
)

func TestTransport_brokerFaults(t *testing.T) {
	server := services.StartRabbitMQ(t)
	target := target(server.URL)
	target.Full = func(testing.TB) func() {
		server.Alarm()
		return server.EndAlarm
	}
	queue := func(name string) func(testing.TB, messagingtest.Names) {
		return func(t testing.TB, names messagingtest.Names) {
			require.Equal(t, 1, server.DeleteQueues(names.(place).prefix+"."+name))
		}
	}
	target.Damages = map[string]func(testing.TB, messagingtest.Names){
		"consumerQueueDeleted": queue("consumer."),
		"inboxQueueDeleted":    queue("inbox"),
		"unroutedQueueDeleted": queue("unrouted"),
		"exchangeDeleted": func(t testing.TB, names messagingtest.Names) {
			p := names.(place)
			p.with(t, func(c *amqp091.Channel) error { return c.ExchangeDelete(p.prefix+".events", false, false) })
		},
	}
	messagingtest.RunFaults(t, target, server)
}
