package e2e_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// shiftedClock is the machine's clock, set wrong by so much.
type shiftedClock struct{ by atomic.Int64 }

func (c *shiftedClock) now() time.Time        { return time.Now().Add(time.Duration(c.by.Load())) }
func (c *shiftedClock) shift(d time.Duration) { c.by.Store(int64(d)) }

const year = 365 * 24 * time.Hour

// Two units are sold while the clock that decides is wrong; deadlines go by the
// database's, which is right.
func TestClock_ofTheProgram_anHourBackAndAYearForward_losesNothing(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		var clock shiftedClock
		config.Now = clock.now
		s := open(t, config)
		s.stocked("FEW", 2)
		s.ordered("early", 1)
		s.awaited("early")

		clock.shift(-time.Hour)
		s.ordered("two", 2)
		s.ended("two", "rejected", "voided", "out_of_stock") // the hold of early counts, however early it is now
		s.ordered("behind", 1)
		s.ended("behind", "expired", "voided", "") // its window was over before it began
		eventually(t, func() error { return s.free("FEW", 1) })
		s.paid("behind", 1000)
		s.ended("behind", "expired", "refund_pending", "")

		clock.shift(year)
		s.ordered("ahead", 2)
		s.awaited("ahead") // the hold of early is overdue and counts against nobody
		s.paid("early", 1000)
		s.ended("early", "cancelled", "refund_pending", "out_of_stock_after_payment")

		clock.shift(0)
		s.ordered("late", 1)
		s.ended("late", "rejected", "voided", "out_of_stock")
		s.paid("ahead", 2000)
		s.confirmed("ahead")
		eventually(t, func() error { return s.holds("FEW", 2, 2) })

		b := balance(t, s.Client)
		require.Equal(t, map[string]int64{"early": 1000, "behind": 1000, "ahead": 2000}, b.captured)
		require.Equal(t, map[string]int64{"early": 1000, "behind": 1000}, b.refunding)
		var last time.Time
		for _, e := range events(t, s.Client) {
			require.False(t, e.RecordedAt.Before(last), "position %d was recorded before the one before it", e.Position)
			last = e.RecordedAt
		}
		require.True(t, last.After(time.Now().Add(year-time.Hour)), "the shifted clock was not used")
		s.verified()
	})
}

// Deadlines fire by it, and consumers whose owner died are taken over although
// its leases were written in a year's time.
func TestClock_ofTheDatabase_aYearForwardAndAnHourBack_losesNothing(t *testing.T) {
	t.Parallel()
	store := services.Postgres(t)
	first := serve(t, store).ready()
	db := database(t, "pgx", store)
	shift := func(by time.Duration) {
		_, err := db.ExecContext(t.Context(), fmt.Sprintf(`CREATE OR REPLACE FUNCTION ordermill_log.now_ms() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
			AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + %d $$`, by.Milliseconds()))
		require.NoError(t, err)
	}
	first.stocked("FEW", 1)
	first.ordered("early", 1)
	first.awaited("early")

	shift(year)
	first.ended("early", "expired", "voided", "")
	first.paid("early", 1000)
	first.ended("early", "expired", "refund_pending", "")
	eventually(t, func() error {
		consumers, err := first.Consumers(t.Context())
		for _, c := range consumers {
			if c.LeaseUntil == nil || c.LeaseUntil.Before(time.Now().Add(year/2)) {
				return fmt.Errorf("%s is not held for a year yet", c.Name)
			}
		}
		return err
	})
	first.kill()

	shift(-time.Hour)
	second := serve(t, store)
	second.ordered("behind", 1)
	second.awaited("behind")
	second.paid("behind", 1000)
	second.confirmed("behind")
	eventually(t, func() error { return second.holds("FEW", 1, 1) })
	balance(t, second.Client)
	second.verified()
}

// ordered places an order for units of FEW.
func (s *shop) ordered(id string, quantity int64) {
	s.t.Helper()
	_, err := s.PlaceOrder(s.t.Context(), v1.PlaceOrder{OrderID: id, Items: []v1.PlaceItem{{SKU: "FEW", Quantity: quantity}}})
	require.NoError(s.t, err)
}

// awaited waits until an order waits for its money.
func (s *shop) awaited(id string) {
	s.t.Helper()
	eventually(s.t, func() error { return s.status(id, "awaiting_payment", "requested") })
}

func (s *shop) paid(id string, minor int64) {
	s.t.Helper()
	_, err := s.RecordPayment(s.t.Context(), id, v1.RecordPayment{PaymentID: "pay-" + id, AmountMinor: minor})
	require.NoError(s.t, err)
}

// ended waits until an order stands so, for this reason.
func (s *shop) ended(id, status, paid, reason string) {
	s.t.Helper()
	eventually(s.t, func() error { return s.status(id, status, paid) })
	o, err := s.Order(s.t.Context(), id)
	require.NoError(s.t, err)
	require.Equal(s.t, reason, o.Reason)
}

// free returns an error unless so many units can be sold.
func (s *shop) free(sku string, available int64) error {
	item, err := s.Item(s.t.Context(), sku)
	if err == nil && item.Available != available {
		err = fmt.Errorf("%d of %s are available, want %d", item.Available, sku, available)
	}
	return err
}
