package redisstream_test

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
	"ordermill/messaging"
	"ordermill/messaging/messagingtest"
)

// BenchmarkRelay is to be read beside BenchmarkBare: the same entries and bound.
func BenchmarkRelay(b *testing.B) {
	p := newPlace(b, services.Redis(b))
	transport := p.Open(b)
	defer transport.Close()
	log, n := messagingtest.NewLog(), 0
	for b.Loop() {
		b.StopTimer()
		records := log.Append(500)
		b.StartTimer()
		require.NoError(b, publish(b, transport, records))
		n += len(records)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkBare is go-redis alone: ready bodies in a plain pipeline.
func BenchmarkBare(b *testing.B) {
	p := newPlace(b, services.Redis(b))
	log, n := messagingtest.NewLog(), 0
	for b.Loop() {
		b.StopTimer()
		records := log.Append(500)
		entries := make([]*redis.XAddArgs, len(records))
		for i, d := range records {
			m := messaging.Encode(d)
			entries[i] = &redis.XAddArgs{
				Stream: p.prefix + ":events", MaxLen: 20_000, Approx: true, ID: fmt.Sprintf("%d-0", d.Position),
				Values: []any{"event_id", m.UUID, "type", d.Type, "payload", []byte(m.Payload)},
			}
		}
		b.StartTimer()
		_, err := p.client.Pipelined(b.Context(), func(pipe redis.Pipeliner) error {
			for _, entry := range entries {
				pipe.XAdd(b.Context(), entry)
			}
			return nil
		})
		require.NoError(b, err)
		n += len(entries)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
