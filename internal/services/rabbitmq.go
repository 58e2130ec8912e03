package services

import (
	"testing"

	"ordermill/internal/services/server"
)

// RabbitMQ is a broker of one test's own, with what only its administrator may do.
type RabbitMQ struct {
	*Server
	node server.Node
}

// StartRabbitMQ starts a broker for this test alone, in about 8 s. Its URL names the virtual host "/".
func StartRabbitMQ(t testing.TB) *RabbitMQ {
	t.Helper()
	var node server.Node
	s := start(t, "RabbitMQ", func(g *server.Group) (*server.Server, error) {
		broker, err := g.RabbitMQ()
		if err != nil {
			return nil, err
		}
		node = broker.Node
		return broker.Server, nil
	})
	return &RabbitMQ{s, node}
}

// Alarm makes the broker believe that its memory is full, and returns once it does: from then on it reads nothing more from
// a connection that publishes, so neither a publish nor the end of such a connection is answered. EndAlarm ends it, and so
// does a restart.
func (b *RabbitMQ) Alarm() { b.must(b.node.Alarm(true)) }

// EndAlarm returns once the broker reads again.
func (b *RabbitMQ) EndAlarm() { b.must(b.node.Alarm(false)) }

// DeleteQueues deletes the queues of the virtual host "/" whose names begin so, exclusive ones too, which clients cannot, and
// returns how many there were.
func (b *RabbitMQ) DeleteQueues(prefix string) int {
	deleted, err := b.node.DeleteQueues("/", prefix)
	b.must(err)
	return deleted
}

func (b *RabbitMQ) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("RabbitMQ for tests: %v", err)
	}
}
