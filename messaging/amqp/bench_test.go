package amqp_test

import (
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
	"ordermill/messaging"
	"ordermill/messaging/messagingtest"
)

// BenchmarkRelay is to be read beside BenchmarkBare: the same bodies, properties, exchange and durable queue.
func BenchmarkRelay(b *testing.B) {
	p := place{services.AMQP(b), services.Prefix(b)}
	transport := p.Open(b)
	defer transport.Close()
	log := messagingtest.NewLog()
	require.NoError(b, publish(b, transport, log.Append(1)))
	p.Keep(b)
	records := log.Append(500)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, publish(b, transport, records))
	}
	b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkBare is amqp091 alone: ready bodies, a window of 256 confirms, nothing mandatory.
func BenchmarkBare(b *testing.B) {
	p := place{services.AMQP(b), services.Prefix(b)}
	transport := p.Open(b)
	defer transport.Close()
	log := messagingtest.NewLog()
	require.NoError(b, publish(b, transport, log.Append(1)))
	p.Keep(b)
	bodies := make([]amqp091.Publishing, 500)
	for i, d := range log.Append(len(bodies)) {
		m := messaging.Encode(d)
		bodies[i] = amqp091.Publishing{
			ContentType: messaging.ContentType, DeliveryMode: amqp091.Persistent, MessageId: m.UUID, Type: d.Type, Body: m.Payload,
		}
	}
	p.with(b, func(channel *amqp091.Channel) error {
		require.NoError(b, channel.Confirm(false))
		for b.Loop() {
			pending := make([]*amqp091.DeferredConfirmation, len(bodies))
			for i, m := range bodies {
				if i >= 256 {
					require.True(b, pending[i-256].Wait())
				}
				var err error
				pending[i], err = channel.PublishWithDeferredConfirm(p.prefix+".events", m.Type, false, false, m)
				require.NoError(b, err)
			}
			for _, confirmation := range pending[len(pending)-256:] {
				require.True(b, confirmation.Wait())
			}
		}
		return nil
	})
	b.ReportMetric(float64(len(bodies)*b.N)/b.Elapsed().Seconds(), "records/s")
}
