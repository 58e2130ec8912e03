package projectiontest_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
	"ordermill/projections"
	"ordermill/projections/orders"
	"ordermill/projections/projectiontest"
)

// TestParkedRow_retriedOnceItCanBeFolded_isWhatTheLogSays: the row is refused while its key is parked, and whole afterwards.
func TestParkedRow_retriedOnceItCanBeFolded_isWhatTheLogSays(t *testing.T) {
	for name, open := range map[string]func(*testing.T) projectiontest.Fixture{
		"SQLite":   func(t *testing.T) projectiontest.Fixture { return openSQLite(t) },
		"Postgres": func(t *testing.T) projectiontest.Fixture { return openPostgres(t, services.Postgres(t), "shop") },
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			var healed atomic.Bool
			ill := orders.Projection
			ill.Fold = func(row orders.Row, event projections.Event) orders.Row {
				if event.Stream == "order-1" && !healed.Load() {
					panic("this program cannot fold it")
				}
				return orders.Projection.Fold(row, event)
			}
			model := projections.New(ill, f.Store, f.DB, subscription.Owner{ID: "a"})
			go model.Run(t.Context())
			require.NoError(t, model.WaitFor(t.Context(), 0))
			place(t, f, "1", "A")
			place(t, f, "2", "A")
			require.NoError(t, model.WaitFor(t.Context(), 2))
			_, err := model.Get(t.Context(), "1")
			require.ErrorIs(t, err, projections.ErrParked)

			healed.Store(true)
			require.NoError(t, subscription.Overview{f.DB}.Ask(t.Context(), "orders.1", "1", subscription.Retry, ""))
			require.Eventually(t, func() bool {
				_, err := model.Get(t.Context(), "1")
				if err != nil {
					require.True(t, errors.Is(err, projections.ErrParked), "%v", err)
				}
				return err == nil
			}, 20*time.Second, 5*time.Millisecond)
			report, err := model.Verify(t.Context())
			require.NoError(t, err)
			require.Zero(t, report.Count, "%v", report.Differences)
			require.Zero(t, report.Parked)
		})
	}
}
