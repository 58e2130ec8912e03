package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/domaintest"
	"ordermill/domain/inventory"
)

// Ten are on hand, and six available are low.
func givenLowAtSix(t *testing.T, more ...inventory.Event) domaintest.Case[inventory.State, inventory.Command, inventory.Event] {
	return domaintest.Given(t, inventory.Decider,
		append([]inventory.Event{inventory.ItemRegistered{SKU: "A", LowStockThreshold: 6}, received}, more...)...)
}

func reserve(quantity int64) inventory.Reserve {
	return inventory.Reserve{ReservationID: "r", OrderID: "o", Quantity: quantity, ExpiresAt: 100, Now: 1}
}

func TestLow_atOrBelowTheThreshold(t *testing.T) {
	s := inventory.Decider.Fold(inventory.State{}, inventory.ItemRegistered{SKU: "A", LowStockThreshold: 6}, received)
	require.False(t, s.Low(0))
	require.True(t, inventory.Decider.Evolve(s, held).Low(0))
	require.False(t, inventory.State{}.Low(0), "a SKU that nobody registered is not low")
}

func TestLowStock_isToldWhenItIsReached_notBefore(t *testing.T) {
	givenLowAtSix(t).When(reserve(3)).Then(inventory.Reserved{ReservationID: "r", OrderID: "o", Quantity: 3, ExpiresAt: 100})
	givenLowAtSix(t).When(reserve(4)).Then(held, inventory.LowStockReached{Available: 6})
}

func TestLowStock_isToldOnce(t *testing.T) {
	low := []inventory.Event{held, inventory.LowStockReached{Available: 6}}
	more := inventory.Reserve{ReservationID: "q", OrderID: "p", Quantity: 1, ExpiresAt: 100, Now: 1}
	givenLowAtSix(t, low...).When(more).Then(inventory.Reserved{ReservationID: "q", OrderID: "p", Quantity: 1, ExpiresAt: 100})
	givenLowAtSix(t, low...).When(inventory.Secure{OrderID: "o", Quantity: 4, Now: 1}).Then(secured)
}

func TestLowStock_thatOneNeverHadMoreOf_isNoEdge(t *testing.T) {
	domaintest.Given(t, inventory.Decider, inventory.Event(inventory.ItemRegistered{SKU: "A", LowStockThreshold: 6})).
		When(inventory.Receive{StockReceiptID: "s", Quantity: 6}).Then(inventory.Received{StockReceiptID: "s", Quantity: 6})
}

func TestRestocked_isToldOnce_whateverBringsItBack(t *testing.T) {
	low := []inventory.Event{held, inventory.LowStockReached{Available: 6}}
	restocked := inventory.Restocked{Available: 7}
	givenLowAtSix(t, low...).When(inventory.Receive{StockReceiptID: "t", Quantity: 1, Now: 1}).
		Then(inventory.Received{StockReceiptID: "t", Quantity: 1}, restocked)
	givenLowAtSix(t, low...).When(inventory.Adjust{AdjustmentID: "a", Delta: 1, Reason: "counted", Now: 1}).
		Then(inventory.Adjusted{AdjustmentID: "a", Delta: 1, Reason: "counted"}, restocked)
	givenLowAtSix(t, low...).When(inventory.Release{OrderID: "o", Reason: "cancelled", Now: 1}).
		Then(inventory.Released{ReservationID: "r", OrderID: "o", Quantity: 4, Reason: "cancelled"}, inventory.Restocked{Available: 10})
	givenLowAtSix(t, append(low, inventory.Received{StockReceiptID: "t", Quantity: 1}, restocked)...).
		When(inventory.Receive{StockReceiptID: "u", Quantity: 1, Now: 1}).Then(inventory.Received{StockReceiptID: "u", Quantity: 1})
}

func TestLowStock_adjustedAway_isTold(t *testing.T) {
	givenLowAtSix(t).When(inventory.Adjust{AdjustmentID: "a", Delta: -4, Reason: "damaged"}).
		Then(inventory.Adjusted{AdjustmentID: "a", Delta: -4, Reason: "damaged"}, inventory.LowStockReached{Available: 6})
}

// What leaves with a shipment was held before: less is on hand, as much is available.
func TestLowStock_shipping_isNoEdge(t *testing.T) {
	givenLowAtSix(t, held, inventory.LowStockReached{Available: 6}, secured).
		When(inventory.Commit{OrderID: "o", ShipmentID: "p", Quantity: 4, Now: 1}).
		Then(inventory.Committed{ReservationID: "r", OrderID: "o", ShipmentID: "p", Quantity: 4})
}

func TestLowStock_overdueHold_countsAgainstNobody(t *testing.T) {
	low := []inventory.Event{held, inventory.LowStockReached{Available: 6}}
	givenLowAtSix(t, low...).When(inventory.Release{OrderID: "nobody", Now: 100}).Then(overdue, inventory.Restocked{Available: 10})
	givenLowAtSix(t, held).When(inventory.Receive{StockReceiptID: "t", Quantity: 1, Now: 100}).
		Then(overdue, inventory.Received{StockReceiptID: "t", Quantity: 1})
}
