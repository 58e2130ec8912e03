package projectiontest_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/domain/order"
	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
	"ordermill/projections"
	"ordermill/projections/orders"
	"ordermill/projections/projectiontest"
)

// onBoth runs a test on an empty shop of each database.
func onBoth(t *testing.T, test func(t *testing.T, f projectiontest.Fixture)) {
	t.Run("SQLite", func(t *testing.T) { test(t, openSQLite(t)) })
	t.Run("Postgres", func(t *testing.T) { test(t, openPostgres(t, services.Postgres(t), "shop")) })
}

// illOrders cannot fold events of order 1 while ill.
func illOrders(t *testing.T, f projectiontest.Fixture, ill *atomic.Bool) (*projections.Model[orders.Row], <-chan projections.Progress) {
	projection := orders.Projection
	projection.Fold = func(row orders.Row, event projections.Event) orders.Row {
		if event.Stream == "order-1" && ill.Load() {
			panic("this program cannot fold it")
		}
		return orders.Projection.Fold(row, event)
	}
	ended := make(chan projections.Progress, 10)
	model := projections.New(projection, f.Store, f.DB, subscription.Owner{ID: "a"}, projections.WithProgress(func(p projections.Progress) {
		if p.Status != projections.Running {
			ended <- p
		}
	}))
	go model.Run(t.Context())
	require.Equal(t, projections.Done, end(t, ended).Status)
	place(t, f, "1", "A")
	place(t, f, "2", "A")
	require.NoError(t, model.WaitFor(t.Context(), 2))
	return model, ended
}

func end(t *testing.T, ended <-chan projections.Progress) projections.Progress {
	t.Helper()
	select {
	case p := <-ended:
		return p
	case <-time.After(30 * time.Second):
		require.Fail(t, "the rebuild did not end")
		return projections.Progress{}
	}
}

func TestRebuild_parksWhatLiveHasFolded_isRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, f projectiontest.Fixture) {
		var ill atomic.Bool
		model, ended := illOrders(t, f, &ill)
		ill.Store(true)
		require.NoError(t, model.Rebuild(t.Context()))
		p := end(t, ended)
		require.Equal(t, []any{projections.Failed, true}, []any{p.Status, p.Refused})
		require.Contains(t, p.Error, "refused: it parks keys that the live generation has folded: 1 (the first: ")
		found, err := model.Get(t.Context(), "1")
		require.NoError(t, err, "queries go on with what there is")
		require.Equal(t, "1", found.Row.OrderID)

		require.NoError(t, model.Rebuild(t.Context(), projections.DryRun()))
		p = end(t, ended)
		require.Equal(t, []any{projections.Done, true}, []any{p.Status, p.Refused})
		require.Equal(t, int64(1), p.Report.Parked)

		ill.Store(false)
		require.NoError(t, model.Rebuild(t.Context()))
		require.Equal(t, projections.Done, end(t, ended).Status)
	})
}

func TestRebuild_parksWhatLiveHasParked_isFine(t *testing.T) {
	onBoth(t, func(t *testing.T, f projectiontest.Fixture) {
		var ill atomic.Bool
		ill.Store(true)
		model, ended := illOrders(t, f, &ill)
		ill.Store(false)
		_, err := model.Mend(t.Context(), "1")
		require.ErrorIs(t, err, projections.ErrParked, "what was skipped is for a retry to replay")
		ill.Store(true)
		require.NoError(t, model.Rebuild(t.Context()))
		require.Equal(t, projections.Done, end(t, ended).Status)

		// What was discarded had been parked: a rebuild meets it again, and parks it again.
		require.NoError(t, subscription.Overview{f.DB}.Ask(t.Context(), "orders.2", "1", subscription.Discard, "a test"))
		require.Eventually(t, func() bool {
			status, err := model.Status(t.Context())
			return err == nil && status.Parked == 0
		}, 30*time.Second, 5*time.Millisecond)
		require.NoError(t, model.Rebuild(t.Context()))
		require.Equal(t, projections.Done, end(t, ended).Status)

		// A rollback is to what was live, whatever it had parked.
		ill.Store(false)
		require.NoError(t, model.Rebuild(t.Context(), projections.MaxChanges(3)))
		require.Equal(t, projections.Done, end(t, ended).Status)
		for _, generation := range []int64{3, 4} {
			require.NoError(t, model.Rollback(t.Context()))
			p := end(t, ended)
			require.Equal(t, []any{projections.Done, generation}, []any{p.Status, p.Generation})
			require.Nil(t, p.MaxChanges, "what its rebuild was asked for is over")
		}
	})
}

// TestMend_whatHappensWhileItFolds_isFoldedToo lets an event happen, and live fold it, when the row has begun to be mended.
func TestMend_whatHappensWhileItFolds_isFoldedToo(t *testing.T) {
	onBoth(t, func(t *testing.T, f projectiontest.Fixture) {
		var model *projections.Model[orders.Row]
		var once sync.Once
		slow := orders.Projection
		slow.Streams = func(key string) []string {
			once.Do(func() {
				happened(t, f, "1", 1, order.PaymentAwaited{PayBy: 2})
				place(t, f, "2", "A")
				require.NoError(t, model.WaitFor(t.Context(), 3))
			})
			return orders.Projection.Streams(key)
		}
		model = projections.New(slow, f.Store, f.DB, subscription.Owner{ID: "a"})
		place(t, f, "1", "A")
		go model.Run(t.Context())
		require.NoError(t, model.WaitFor(t.Context(), 1))
		mended, err := model.Mend(t.Context(), "1")
		require.NoError(t, err)
		require.Equal(t, []any{projections.AsItWas, int64(3)}, []any{mended.Was, mended.Position})
		found, err := model.Get(t.Context(), "1")
		require.NoError(t, err)
		require.Equal(t, int64(2), found.Row.Version)
	})
}

// notes is what copies told their logs.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

// count is how many lines hold all of these.
func (n *notes) count(words ...string) (lines int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for line := range strings.Lines(n.text.String()) {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			lines++
		}
	}
	return lines
}

func TestVerifyEvery_findsDamage_onceAmongCopies_andMendsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, f projectiontest.Fixture) {
		var told notes
		log := slog.New(slog.NewTextHandler(&told, nil))
		open := func(owner string) *projections.Model[orders.Row] {
			return projections.New(orders.Projection, f.Store, f.DB, subscription.Owner{ID: owner}, projections.WithLogger(log))
		}
		a, b := open("a"), open("b")
		place(t, f, "1", "A")
		go a.Run(t.Context())
		require.NoError(t, a.WaitFor(t.Context(), 1))
		spoil := func(statement string) {
			_, err := f.DB.Write.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
		spoil(`DELETE FROM orders_1`)
		const every = time.Hour
		next, err := a.VerifyIfDue(t.Context(), every)
		require.NoError(t, err)
		require.Greater(t, next, every/2, "the live generation has just been built")
		spoil(`UPDATE generations SET ended_at = 1`) // long ago
		for name, model := range map[string]*projections.Model[orders.Row]{"a": a, "b": b} {
			go projections.Set{model}.VerifyEvery(t.Context(), every, f.DB, subscription.Owner{ID: name}, log)
		}
		require.Eventually(t, func() bool {
			status, err := b.Status(t.Context())
			return err == nil && !status.Verified.At.IsZero()
		}, 30*time.Second, 5*time.Millisecond)
		next, err = b.VerifyIfDue(t.Context(), every)
		require.NoError(t, err)
		require.Greater(t, next, every/2, "it has just been verified")
		require.Equal(t, 1, told.count("level=ERROR", "the read model is not what the log says", "first_key=1"))

		status, err := open("c").Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int64{1, 1, 1, 0}, []int64{status.Verified.Generation, status.Verified.Position, status.Verified.Differences, status.Verified.Mended})
		_, err = a.Get(t.Context(), "1")
		require.ErrorIs(t, err, projections.ErrNotFound, "nothing is mended by itself")
	})
}

func TestVerifyIfDue_waitsForRebuilds_andTellsWhyItCannot(t *testing.T) {
	onBoth(t, func(t *testing.T, f projectiontest.Fixture) {
		model := projections.New(orders.Projection, f.Store, f.DB, subscription.Owner{ID: "a"})
		next, err := model.VerifyIfDue(t.Context(), time.Nanosecond)
		require.NoError(t, err)
		require.Positive(t, next, "nothing is there to be verified")

		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { model.Run(ctx) })
		require.NoError(t, model.WaitFor(t.Context(), 0))
		stop()
		running.Wait()
		require.NoError(t, model.Rebuild(t.Context())) // nobody does it
		next, err = model.VerifyIfDue(t.Context(), time.Nanosecond)
		require.NoError(t, err)
		require.Equal(t, time.Second, next)
		status, err := model.Status(t.Context())
		require.NoError(t, err)
		require.Zero(t, status.Verified.At, "it waits until the rebuild has ended")

		require.NoError(t, model.Cancel(t.Context()))
		_, err = f.DB.Write.ExecContext(t.Context(), `DROP TABLE orders_1`)
		require.NoError(t, err)
		next, err = model.VerifyIfDue(t.Context(), time.Nanosecond)
		require.NoError(t, err)
		require.Equal(t, time.Nanosecond, next, "it is tried when it is due again, not at once")
		status, err = model.Status(t.Context())
		require.NoError(t, err)
		require.Contains(t, status.Verified.Error, "orders_1")
		require.NotZero(t, status.Verified.At)
	})
}
