package inventory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/inventory"
)

// A state is as large as what is open: a stream of a million events must not make one of a million expiries.
func TestEvolve_resolvedReservations_areForgottenBehindOneThatIsOpen(t *testing.T) {
	const open = 20
	s := inventory.Decider.Fold(inventory.State{}, inventory.ItemRegistered{SKU: "A"}, inventory.Received{StockReceiptID: "1", Quantity: 100_000})
	for i := range open {
		order := fmt.Sprint("unpaid", i)
		s = inventory.Decider.Evolve(s, inventory.Reserved{ReservationID: order, OrderID: order, Quantity: 1, ExpiresAt: int64(1 + i)})
	}
	for i := range 10_000 {
		order := fmt.Sprint("paid", i)
		s = inventory.Decider.Fold(s,
			inventory.Reserved{ReservationID: order, OrderID: order, Quantity: 1, ExpiresAt: int64(1000 + i)},
			inventory.ReservationSecured{ReservationID: order, OrderID: order, Quantity: 1},
			inventory.Committed{ReservationID: order, OrderID: order, ShipmentID: order, Quantity: 1})
		require.LessOrEqual(t, len(s.Expiries), 200)
	}
	require.Len(t, s.Reservations, open)
	require.Len(t, s.StockReceipts, 1)
	require.EqualValues(t, 100_000-10_000-open, s.Available(0), "nothing is overdue")
	require.EqualValues(t, 100_000-10_000, s.Available(open), "all that is open is found overdue")
}
