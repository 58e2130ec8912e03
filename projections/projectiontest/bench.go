package projectiontest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/projections"
)

// Benchmark rebuilds each projection from the same log of at least so many events, one at a time, and reports events per
// second beside those of only reading the log in pages of the same size.
func Benchmark(b *testing.B, subjects []Subject, events int64, f Fixture) {
	shop := newShop(b, f.Store, 11)
	shop.atOnce = 200
	for f.Store.Known() < events {
		shop.orders(100)
	}
	shop.flush()
	head, err := f.Store.Head(b.Context())
	require.NoError(b, err)

	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			for at := int64(0); at < head.Position; at += eventstore.MaxPage {
				_, err := f.Store.Read(b.Context(), eventstore.Query{After: at, Limit: eventstore.MaxPage})
				require.NoError(b, err)
			}
		}
		perSecond(b, head.Position*int64(b.N), b.Elapsed())
	})
	for _, s := range subjects {
		b.Run(s.Name, func(b *testing.B) {
			option, ended := ends()
			m := s.open(f, "a", option)
			ctx, stop := context.WithCancel(b.Context())
			stopped := make(chan struct{})
			go func() { defer close(stopped); m.Run(ctx) }()
			defer func() { stop(); <-stopped }()
			if _, _, err := m.live(ctx); err != nil {
				require.Equal(b, projections.Done, (<-ended).Status)
			}
			var events int64
			for b.Loop() {
				require.NoError(b, m.Rebuild(ctx))
				p := <-ended
				require.Equal(b, projections.Done, p.Status)
				events += p.EventsDone
			}
			perSecond(b, events, b.Elapsed())
		})
	}
}

func perSecond(b *testing.B, events int64, elapsed time.Duration) {
	b.ReportMetric(float64(events)/elapsed.Seconds(), "events/s")
	b.ReportMetric(0, "ns/op")
}
