//go:build !race

package amqp_test

import (
	"testing"

	"ordermill/internal/services"
	"ordermill/messaging/messagingtest"
)

func TestTransport_brokerFaults(t *testing.T) {
	server := services.StartRabbitMQ(t)
	messagingtest.RunFaults(t, target(server.URL), server)
}
