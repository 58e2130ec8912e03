package inventory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/domaintest"
	"ordermill/domain/inventory"
)

var (
	registered = inventory.ItemRegistered{SKU: "A"}
	received   = inventory.Received{StockReceiptID: "s", Quantity: 10}
	held       = inventory.Reserved{ReservationID: "r", OrderID: "o", Quantity: 4, ExpiresAt: 100}
	secured    = inventory.ReservationSecured{ReservationID: "r", OrderID: "o", Quantity: 4}
	overdue    = inventory.ReservationExpired{ReservationID: "r", OrderID: "o", Quantity: 4}
)

func given(t *testing.T, more ...inventory.Event) domaintest.Case[inventory.State, inventory.Command, inventory.Event] {
	return domaintest.Given(t, inventory.Decider, append([]inventory.Event{registered, received}, more...)...)
}

func TestRegisterItem(t *testing.T) {
	c := inventory.RegisterItem{SKU: "A", SafetyStock: 1, LowStockThreshold: 5}
	domaintest.Given(t, inventory.Decider).When(c).Then(inventory.ItemRegistered{SKU: "A", SafetyStock: 1, LowStockThreshold: 5})
	given(t).When(c).ThenRefused("sku-taken")
	domaintest.Given(t, inventory.Decider).When(inventory.RegisterItem{SKU: "A", SafetyStock: -1}).ThenRefused("validation-failed")
}

func TestReceive_sameStockReceipt_isBookedOnce(t *testing.T) {
	given(t).When(inventory.Receive{StockReceiptID: "t", Quantity: 5}).Then(inventory.Received{StockReceiptID: "t", Quantity: 5})
	given(t).When(inventory.Receive{StockReceiptID: "s", Quantity: 10}).Then()
	given(t).When(inventory.Receive{StockReceiptID: "s", Quantity: 11}).ThenRefused("stock-receipt-conflict")
}

func TestReceive_refusals(t *testing.T) {
	domaintest.Given(t, inventory.Decider).When(inventory.Receive{StockReceiptID: "s", Quantity: 1}).ThenRefused("unknown-sku")
	given(t).When(inventory.Receive{StockReceiptID: "t", Quantity: 0}).ThenRefused("validation-failed")
	given(t).When(inventory.Receive{StockReceiptID: "t", Quantity: inventory.MaxQuantity + 1}).ThenRefused("validation-failed")
}

func TestReserve_availableStock_isHeld(t *testing.T) {
	s := given(t).When(inventory.Reserve{ReservationID: "r", OrderID: "o", Quantity: 10, ExpiresAt: 100, Now: 1}).
		Then(inventory.Reserved{ReservationID: "r", OrderID: "o", Quantity: 10, ExpiresAt: 100}, inventory.LowStockReached{})
	require.Zero(t, s.Available(99))
}

func TestReserve_lastUnit_oneWinner(t *testing.T) {
	all := inventory.Reserved{ReservationID: "r", OrderID: "o", Quantity: 10, ExpiresAt: 100}
	given(t, all).When(inventory.Reserve{ReservationID: "q", OrderID: "p", Quantity: 1, ExpiresAt: 100, Now: 1}).ThenRefused("out-of-stock")
}

func TestReserve_safetyStock_isNeverPromised(t *testing.T) {
	domaintest.Given(t, inventory.Decider, []inventory.Event{inventory.ItemRegistered{SKU: "A", SafetyStock: 3}, received}...).
		When(inventory.Reserve{ReservationID: "r", OrderID: "o", Quantity: 8, ExpiresAt: 100}).ThenRefused("out-of-stock")
}

func TestReserve_sameOrderAgain_isNothingNew(t *testing.T) {
	given(t, held).When(inventory.Reserve{ReservationID: "q", OrderID: "o", Quantity: 4, ExpiresAt: 200, Now: 99}).Then()
}

func TestReserve_overdueHoldOfAnother_isExpiredFirst(t *testing.T) {
	s := given(t, held).When(inventory.Reserve{ReservationID: "q", OrderID: "p", Quantity: 10, ExpiresAt: 200, Now: 100}).
		Then(overdue, inventory.Reserved{ReservationID: "q", OrderID: "p", Quantity: 10, ExpiresAt: 200}, inventory.LowStockReached{})
	require.EqualValues(t, 10, s.Reserved)
}

func TestReceive_overdueHold_isExpiredFirst(t *testing.T) {
	given(t, held).When(inventory.Receive{StockReceiptID: "t", Quantity: 1, Now: 100}).
		Then(overdue, inventory.Received{StockReceiptID: "t", Quantity: 1})
}

func TestSecure_liveHold_becomesHard(t *testing.T) {
	c := inventory.Secure{ReservationID: "new", OrderID: "o", Quantity: 4, ExpiresAt: 200, Now: 99}
	s := given(t, held).When(c).Then(secured)
	require.EqualValues(t, 4, s.Allocated)
	require.Zero(t, s.Reserved)
	require.EqualValues(t, 6, s.Available(1000), "a hard hold does not expire")
	given(t, held, secured).When(c).Then()
}

func TestSecure_overdueHold_isTakenAnewUnderANewID(t *testing.T) {
	given(t, held).When(inventory.Secure{ReservationID: "new", OrderID: "o", Quantity: 4, ExpiresAt: 200, Now: 100}).
		Then(overdue, inventory.Reserved{ReservationID: "new", OrderID: "o", Quantity: 4, ExpiresAt: 200},
			inventory.ReservationSecured{ReservationID: "new", OrderID: "o", Quantity: 4})
}

func TestSecure_holdExpiredByAnotherDecision_isTakenAnew(t *testing.T) {
	given(t, held, overdue).When(inventory.Secure{ReservationID: "new", OrderID: "o", Quantity: 4, ExpiresAt: 200, Now: 100}).
		Then(inventory.Reserved{ReservationID: "new", OrderID: "o", Quantity: 4, ExpiresAt: 200},
			inventory.ReservationSecured{ReservationID: "new", OrderID: "o", Quantity: 4})
}

func TestSecure_overdueAndSoldSince_isRefused(t *testing.T) {
	other := inventory.Reserved{ReservationID: "q", OrderID: "p", Quantity: 7, ExpiresAt: 300}
	given(t, held, overdue, other).When(inventory.Secure{ReservationID: "new", OrderID: "o", Quantity: 4, ExpiresAt: 200, Now: 100}).
		ThenRefused("out-of-stock")
}

func TestRelease(t *testing.T) {
	c := inventory.Release{OrderID: "o", Reason: "cancelled", Now: 99}
	released := inventory.Released{ReservationID: "r", OrderID: "o", Quantity: 4, Reason: "cancelled"}
	require.EqualValues(t, 10, given(t, held).When(c).Then(released).Available(0))
	require.EqualValues(t, 10, given(t, held, secured).When(c).Then(released).Available(0))
	given(t).When(c).Then()
	c.Now = 100
	given(t, held).When(c).Then(overdue)
}

func TestReserveAll_oneLineShort_writesNothing(t *testing.T) {
	stock := map[string]inventory.State{
		"A": inventory.Decider.Fold(inventory.State{}, registered, received, held),
		"B": inventory.Decider.Fold(inventory.State{}, inventory.ItemRegistered{SKU: "B"}),
	}
	written, short := inventory.ReserveAll(func(sku string) inventory.State { return stock[sku] }, inventory.Hold{
		OrderID: "p", ExpiresAt: 300, Now: 200, // the hold on A is overdue, and still nothing is written
		Lines: []inventory.Line{{SKU: "A", Quantity: 1, ReservationID: "a"}, {SKU: "B", Quantity: 2, ReservationID: "b"}},
	})
	require.Empty(t, written)
	require.Equal(t, []inventory.Shortage{{SKU: "B", Requested: 2, Available: 0}}, short)
}

// A decision on a hot SKU looks at no reservation that is resolved or hard, however many there are.
func TestAvailable_tenThousandReservations_areNotScanned(t *testing.T) {
	hot := inventory.Decider.Fold(inventory.State{}, registered, inventory.Received{StockReceiptID: "s", Quantity: 20_000})
	for i := range 10_000 {
		id := fmt.Sprint(i)
		hot = inventory.Decider.Fold(hot,
			inventory.Reserved{ReservationID: id, OrderID: id, Quantity: 1, ExpiresAt: int64(i)},
			inventory.ReservationSecured{ReservationID: id, OrderID: id, Quantity: 1})
	}
	require.Empty(t, hot.Expiries, "no soft reservation is left to look at")
	require.EqualValues(t, 10_000, hot.Available(1<<40))
}

func BenchmarkReserve_hotSKU(b *testing.B) {
	hot := inventory.Decider.Fold(inventory.State{}, registered, inventory.Received{StockReceiptID: "s", Quantity: 1 << 40})
	for i := 0; b.Loop(); i++ {
		id := fmt.Sprint(i)
		for _, c := range []inventory.Command{
			inventory.Reserve{ReservationID: id, OrderID: id, Quantity: 1, ExpiresAt: int64(i + 100), Now: int64(i)},
			inventory.Secure{ReservationID: id, OrderID: id, Quantity: 1, Now: int64(i)},
		} {
			events, err := inventory.Decider.Decide(hot, c)
			if err != nil {
				b.Fatal(err)
			}
			hot = inventory.Decider.Fold(hot, events...)
		}
	}
}
