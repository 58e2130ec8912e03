package inventory_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/domain/domaintest"
	"ordermill/domain/inventory"
	"ordermill/domain/money"
)

func adjust(delta int64) inventory.Adjust {
	return inventory.Adjust{AdjustmentID: "a", Delta: delta, Reason: "counted", Now: 1}
}

func adjusted(delta int64) inventory.Adjusted {
	return inventory.Adjusted{AdjustmentID: "a", Delta: delta, Reason: "counted"}
}

func TestAdjust_upAndDown(t *testing.T) {
	require.EqualValues(t, 13, given(t).When(adjust(3)).Then(adjusted(3)).OnHand)
	require.EqualValues(t, 3, given(t).When(adjust(-7)).Then(adjusted(-7)).OnHand)
	require.Zero(t, given(t).When(adjust(-10)).Then(adjusted(-10), inventory.LowStockReached{}).OnHand)
}

func TestAdjust_neverTakesWhatOrdersHold(t *testing.T) {
	for name, holds := range map[string][]inventory.Event{"soft": {held}, "hard": {held, secured}} {
		t.Run(name, func(t *testing.T) {
			given(t, holds...).When(adjust(-6)).Then(adjusted(-6), inventory.LowStockReached{})
			given(t, holds...).When(adjust(-7)).ThenRefused("would-break-reservations")
		})
	}
	given(t).When(adjust(-11)).ThenRefused("would-break-reservations")
	_, err := inventory.Decider.Decide(inventory.Decider.Fold(inventory.State{}, registered, received, held), adjust(-7))
	var refusal *decider.Refusal
	require.True(t, errors.As(err, &refusal))
	require.Equal(t, map[string]any{"on_hand": int64(10), "held": int64(4)}, refusal.Extra)
}

// Safety stock is never promised to orders, but it may break or be stolen as any other.
func TestAdjust_safetyStock_isNoHold(t *testing.T) {
	domaintest.Given(t, inventory.Decider, []inventory.Event{inventory.ItemRegistered{SKU: "A", SafetyStock: 3}, received}...).
		When(adjust(-10)).Then(adjusted(-10), inventory.LowStockReached{})
}

func TestAdjust_overdueHold_countsAgainstNobodyAndIsExpiredFirst(t *testing.T) {
	c := adjust(-10)
	c.Now = 100
	given(t, held).When(c).Then(overdue, adjusted(-10), inventory.LowStockReached{})
}

func TestAdjust_refusals(t *testing.T) {
	domaintest.Given(t, inventory.Decider).When(adjust(1)).ThenRefused("unknown-sku")
	for _, delta := range []int64{0, inventory.MaxQuantity + 1, -inventory.MaxQuantity - 1} {
		given(t).When(adjust(delta)).ThenRefused("validation-failed")
	}
	given(t).When(inventory.Adjust{AdjustmentID: "a", Delta: 1, Reason: "two words"}).ThenRefused("validation-failed")
	given(t, inventory.Adjusted{AdjustmentID: "b", Delta: money.Max - 10}).When(adjust(1)).ThenRefused("validation-failed")
}

// A stock that is nearly too large can still be corrected.
func TestAdjust_down_isAllowedHoweverMuchThereIs(t *testing.T) {
	given(t, inventory.Adjusted{AdjustmentID: "b", Delta: money.Max - 10}).When(adjust(-1)).Then(adjusted(-1))
}

func TestCommit_shippedUnits_leaveTheReservationAndTheHouse(t *testing.T) {
	c := inventory.Commit{OrderID: "o", ShipmentID: "p", Quantity: 3, Now: 1}
	s := given(t, held, secured).When(c).Then(inventory.Committed{ReservationID: "r", OrderID: "o", ShipmentID: "p", Quantity: 3})
	require.EqualValues(t, 7, s.OnHand)
	require.EqualValues(t, 1, s.Allocated)
	require.EqualValues(t, 6, s.Available(1))
	require.EqualValues(t, 1, s.Reservations["o"].Quantity)
}

func TestCommit_lastUnits_endTheReservation(t *testing.T) {
	s := given(t, held, secured).When(inventory.Commit{OrderID: "o", ShipmentID: "p", Quantity: 4, Now: 1}).
		Then(inventory.Committed{ReservationID: "r", OrderID: "o", ShipmentID: "p", Quantity: 4})
	require.Empty(t, s.Reservations)
	require.Zero(t, s.Allocated)
}

func TestCommit_onlyWhatIsHeldForGood(t *testing.T) {
	c := inventory.Commit{OrderID: "o", ShipmentID: "p", Quantity: 4, Now: 1}
	given(t).When(c).ThenRefused("not-held")
	given(t, held).When(c).ThenRefused("not-held")
	for _, quantity := range []int64{0, 5} {
		c.Quantity = quantity
		given(t, held, secured).When(c).ThenRefused("not-held")
	}
}

func TestCommit_overdueHoldOfAnother_isExpiredFirst(t *testing.T) {
	other := inventory.Reserved{ReservationID: "q", OrderID: "p", Quantity: 1, ExpiresAt: 50}
	given(t, held, secured, other).When(inventory.Commit{OrderID: "o", ShipmentID: "x", Quantity: 4, Now: 50}).
		Then(inventory.ReservationExpired{ReservationID: "q", OrderID: "p", Quantity: 1},
			inventory.Committed{ReservationID: "r", OrderID: "o", ShipmentID: "x", Quantity: 4})
}

func TestRelease_afterAPartLeft_givesUpTheRest(t *testing.T) {
	s := given(t, held, secured, inventory.Committed{ReservationID: "r", OrderID: "o", ShipmentID: "p", Quantity: 3}).
		When(inventory.Release{OrderID: "o", Reason: "cancelled", Now: 1}).
		Then(inventory.Released{ReservationID: "r", OrderID: "o", Quantity: 1, Reason: "cancelled"})
	require.EqualValues(t, 7, s.Available(1))
}
