package checkout_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

func shipped(shipmentID string, final bool, lines ...order.ShippedLine) order.Shipped {
	return order.Shipped{ShipmentID: shipmentID, Lines: lines, Final: final}
}

func committed(sku, shipmentID string, quantity int64) on {
	return on{sku, inventory.Committed{ReservationID: "0:reserve:" + sku, OrderID: "o", ShipmentID: shipmentID, Quantity: quantity}}
}

var (
	everything = shipped("s", true, order.ShippedLine{LineID: "1", Quantity: 2}, order.ShippedLine{LineID: "2", Quantity: 1})
	bothGone   = []decider.Event{committed("A", "s", 2), committed("B", "s", 1)}
)

// completed is an order of which everything was delivered.
func completed(more ...decider.Event) []decider.Event {
	return confirmed(slices.Concat([]decider.Event{everything}, bothGone,
		[]decider.Event{order.Delivered{ShipmentID: "s"}, order.Completed{}, checkout.Finished{Outcome: "completed"}}, more)...)
}

func TestStep_shipped_leavesTheStock(t *testing.T) {
	s := given(t, confirmed(everything)...).stepAt(7)
	o := s.then(bothGone...)
	require.EqualValues(t, 8, s.stock["A"].OnHand)
	require.Zero(t, s.stock["A"].Allocated)
	require.Equal(t, checkout.WaitingForDelivery, checkout.WaitingFor(o.order, o.account))
}

func TestStep_shippedInParts_eachLeavesOnce(t *testing.T) {
	s := given(t, confirmed(shipped("s", false, order.ShippedLine{LineID: "1", Quantity: 1}))...)
	o := s.stepAt(7).then(committed("A", "s", 1))
	require.EqualValues(t, 1, s.stock["A"].Reservations["o"].Quantity)
	require.Equal(t, checkout.WaitingForShipment, checkout.WaitingFor(o.order, o.account))
	s.happens("o", shipped("t", true, order.ShippedLine{LineID: "1", Quantity: 1}, order.ShippedLine{LineID: "2", Quantity: 1}))
	s.stepAt(7).then(committed("A", "t", 1), committed("B", "t", 1))
	require.Empty(t, s.stock["A"].Reservations)
}

// A step that comes late answers several shipments at once, also those of which a part has left already.
func TestStep_severalShipmentsAtOnce_eachIsNamed(t *testing.T) {
	s := given(t, confirmed(shipped("s", false, order.ShippedLine{LineID: "1", Quantity: 1}),
		shipped("t", true, order.ShippedLine{LineID: "1", Quantity: 1}, order.ShippedLine{LineID: "2", Quantity: 1}))...)
	s.stepAt(7).then(committed("A", "s", 1), committed("A", "t", 1), committed("B", "t", 1))

	s = given(t, confirmed(shipped("s", false, order.ShippedLine{LineID: "1", Quantity: 1}), committed("A", "s", 1),
		shipped("t", true, order.ShippedLine{LineID: "1", Quantity: 1}, order.ShippedLine{LineID: "2", Quantity: 1}))...)
	s.stepAt(7).then(committed("A", "t", 1), committed("B", "t", 1))
}

func TestStep_shipped_expiresOverdueHoldsOfOthersFirst(t *testing.T) {
	other := on{"A", inventory.Reserved{ReservationID: "x", OrderID: "other", Quantity: 3, ExpiresAt: 5}}
	given(t, confirmed(other, everything)...).stepAt(7).then(
		on{"A", inventory.ReservationExpired{ReservationID: "x", OrderID: "other", Quantity: 3}}, bothGone[0], bothGone[1])
}

func TestStep_allDelivered_completes(t *testing.T) {
	delivered := given(t, confirmed(slices.Concat([]decider.Event{everything}, bothGone, []decider.Event{order.Delivered{ShipmentID: "s"}})...)...)
	before := delivered.of("o")
	require.Equal(t, checkout.WaitingForNothing, checkout.WaitingFor(before.order, before.account), "the step is all that is left")
	o := delivered.stepAt(7).then(checkout.Finished{Outcome: "completed"}, order.Completed{})
	require.Equal(t, order.StatusCompleted, o.order.Status)
	require.Equal(t, checkout.WaitingForNothing, checkout.WaitingFor(o.order, o.account))
	require.Equal(t, "paid", checkout.PaymentStatus(o.order, o.account))
}

func TestStep_shippedAndDeliveredAtOnce_commitsAndCompletes(t *testing.T) {
	given(t, confirmed(everything, order.Delivered{ShipmentID: "s"})...).stepAt(7).then(
		bothGone[0], bothGone[1], checkout.Finished{Outcome: "completed"}, order.Completed{})
}

func TestStep_onePartDelivered_goesOn(t *testing.T) {
	given(t, confirmed(shipped("s", false, order.ShippedLine{LineID: "1", Quantity: 2}), committed("A", "s", 2),
		order.Delivered{ShipmentID: "s"})...).stepAt(7).then()
}

func TestStep_moneyAfterCompletion_goesBackWhole(t *testing.T) {
	o := given(t, completed(captured("d", 2500), euros("e", 3))...).stepAt(7).then(
		eurosBack("1:refund:e", "e", 3, "currency_mismatch"), refund("1:refund:d", "d", 2500, "overpayment"))
	require.Equal(t, order.StatusCompleted, o.order.Status)
}

func TestStep_cancelledBeforeItsStockWasLookedAt_holdsNothing(t *testing.T) {
	given(t, placed, captured("c", 2500), order.Cancelled{Reason: "r"}).stepAt(7).then(
		checkout.Finished{Outcome: "cancelled"}, refund("1:refund:c", "c", 2500, "cancelled"))
}

func TestStep_cancelledAfterConfirmation_givesBackAllThatIsLeft(t *testing.T) {
	given(t, confirmed(payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 400, Currency: "USD", Reason: "operator"},
		order.Cancelled{Reason: "r"})...).stepAt(7).then(
		on{"A", inventory.Released{ReservationID: "0:reserve:A", OrderID: "o", Quantity: 2, Reason: "cancelled"}},
		on{"B", inventory.Released{ReservationID: "0:reserve:B", OrderID: "o", Quantity: 1, Reason: "cancelled"}},
		checkout.StockReleased{}, checkout.Finished{Outcome: "cancelled"},
		payment.RequestClosed{RequestID: "0:request", Reason: "cancelled"}, refund("1:refund:c", "c", 2100, "cancelled"))
}

// The log's order decides: of two terminal words the first wins, and the second is nothing, not an error.
func TestRace_secondTerminalWord_isNothing(t *testing.T) {
	paid := captured("c", 2500)
	s := given(t, awaiting(paid)...)
	s.stepAt(7)
	require.Equal(t, order.StatusConfirmed, s.of("o").order.Status)
	require.Empty(t, fired(s, checkout.TimerPayment, 900), "confirmed first: the deadline is nothing")

	s = given(t, awaiting()...)
	s.happens("o", fired(s, checkout.TimerPayment, 900)...)
	s.stepAt(900)
	s.happens("o", paid)
	s.stepAt(901)
	require.Equal(t, order.StatusExpired, s.of("o").order.Status, "expired first: the money goes back")
	require.Equal(t, "late_payment", s.of("o").account.Refunds[0].Reason)

	s = given(t, awaiting(paid, order.Cancelled{Reason: "r"})...)
	s.stepAt(7)
	require.Equal(t, order.StatusCancelled, s.of("o").order.Status, "cancelled before the step that would confirm")
	require.EqualValues(t, 10, s.stock["A"].Available(7))
}

// fired is what comes of a timer of order "o" that runs out.
func fired(s *shop, timer string, now int64) (events []decider.Event) {
	o := s.of("o")
	for _, p := range checkout.Deadlines(o.order, o.account, o.memory) {
		if p.Timer == timer {
			for _, e := range checkout.Fire(o.order, o.account, o.memory, p.Deadline, now) {
				events = append(events, e)
			}
		}
	}
	return events
}
