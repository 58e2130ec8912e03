package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/domain/checkout"
	"ordermill/internal/program"
)

// hurried is a shop's timing for people who do not want to wait.
var hurried = app.Timing{PaymentWindow: 3 * time.Second, HoldGrace: time.Second, UnmatchedFor: 2 * time.Second,
	ConfirmWithin: time.Minute, RefundRetry: time.Minute}

// TestTimers_surviveDowntime_andCatchUpInOrder: the program stops while an order waits for its money and money for its
// order. Afterwards the order expires, the money goes back, and what was due first fires first.
func TestTimers_surviveDowntime_andCatchUpInOrder(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		config.Demo, config.Timing = true, hurried
		s := open(t, config)
		for _, id := range []string{"first", "second"} {
			s.letter(orderLetter(id))
			eventually(t, func() error { return s.status(id, "awaiting_payment", "requested") })
		}
		s.letter(paymentLetter("nobody"))
		eventually(t, func() error { _, err := s.Account(t.Context(), "nobody"); return err })
		s.stop()

		s = open(t, config)
		for _, id := range []string{"first", "second"} {
			eventually(t, func() error { return s.status(id, "expired", "voided") })
		}
		eventually(t, func() error {
			account, err := s.Account(t.Context(), "nobody")
			if err == nil && (len(account.Refunds) != 1 || account.Refunds[0].Reason != "unknown_order") {
				return fmt.Errorf("refunds are %+v", account.Refunds)
			}
			return err
		})
		eventually(t, func() error { // each read model at its own pace
			item, err := s.Item(t.Context(), "TEDDY-BEAR")
			if err == nil && item.OnHand != item.Available {
				err = fmt.Errorf("an expired order still holds something: %+v", item)
			}
			return err
		})

		deadlines := map[string]int64{}
		var fired []int64
		for _, e := range events(t, s.Client) {
			var at struct {
				PayBy     int64 `json:"pay_by"`
				ParkUntil int64 `json:"park_until"`
			}
			require.NoError(t, json.Unmarshal(e.Data, &at))
			_, id, _ := strings.Cut(e.Stream, "-")
			switch e.Type {
			case "order.payment_awaited", "payment.unmatched":
				deadlines[id] = at.PayBy + at.ParkUntil
			case checkout.DeadlineFiredType:
				fired = append(fired, deadlines[id])
			}
		}
		require.Len(t, fired, 3, "each timer fires once")
		require.True(t, slices.IsSorted(fired), "%v", fired)
		s.verified()
	})
}
