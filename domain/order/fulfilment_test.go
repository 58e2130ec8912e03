package order_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/domain/order"
)

// two is an order of three of line 1 and one of line 2.
func two(more ...order.Event) []order.Event {
	return append([]order.Event{order.Placed{Currency: "USD", Content: "x", Lines: []order.Line{
		{LineID: "1", SKU: "A", Quantity: 3}, {LineID: "2", SKU: "B", Quantity: 1},
	}}}, more...)
}

// toShip is two, confirmed.
func toShip(more ...order.Event) []order.Event {
	return two(append([]order.Event{order.Confirmed{}}, more...)...)
}

func shipped(id string, final bool, lines ...order.ShippedLine) order.Shipped {
	return order.Shipped{ShipmentID: id, Lines: lines, Final: final}
}

func line(id string, quantity int64) order.ShippedLine {
	return order.ShippedLine{LineID: id, Quantity: quantity}
}

// ends are all the ways in which an order is over.
var ends = map[string]order.Event{
	order.StatusRejected: order.Rejected{Reason: "r"}, order.StatusCancelled: order.Cancelled{Reason: "r"},
	order.StatusExpired: order.Expired{}, order.StatusCompleted: order.Completed{},
}

func TestCancelOnRequest_whileLiveAndNothingIsShipped(t *testing.T) {
	c, cancelled := order.CancelOnRequest{Reason: "changed_my_mind"}, order.Cancelled{Reason: "changed_my_mind"}
	for _, history := range [][]order.Event{two(), two(order.PaymentAwaited{PayBy: 9}), toShip()} {
		s := given(t, history...).When(c).Then(cancelled)
		require.Equal(t, order.StatusCancelled, s.Status)
		require.Equal(t, "changed_my_mind", s.Reason)
	}
	given(t, two(cancelled)...).When(c).Then()
	given(t, two(cancelled)...).When(order.CancelOnRequest{Reason: "another"}).Then()
}

func TestCancelOnRequest_refusals(t *testing.T) {
	c := order.CancelOnRequest{Reason: "r"}
	given(t).When(c).ThenRefused("unknown-order")
	given(t, two()...).When(order.CancelOnRequest{Reason: "not a code"}).ThenRefused("validation-failed")
	given(t, two()...).When(order.CancelOnRequest{}).ThenRefused("validation-failed")
	given(t, toShip(shipped("s", false, line("1", 1)))...).When(c).ThenRefused("order-not-cancellable")
	for status, end := range ends {
		if status != order.StatusCancelled {
			given(t, two(end)...).When(c).ThenRefused("order-not-cancellable")
		}
	}
}

func TestCancelOnRequest_refusal_tellsTheStatus(t *testing.T) {
	_, err := order.Decider.Decide(order.Decider.Fold(order.State{}, two(order.Expired{})...), order.CancelOnRequest{Reason: "r"})
	var refusal *decider.Refusal
	require.True(t, errors.As(err, &refusal))
	require.Equal(t, map[string]any{"current_status": "expired"}, refusal.Extra)
}

// Whoever is first, cancel or ship, wins.
func TestCancel_comesAfterAShipment_isNothing(t *testing.T) {
	given(t, toShip(shipped("s", false, line("1", 1)))...).When(order.Cancel{Reason: "r"}).Then()
	given(t, toShip(order.Cancelled{Reason: "r"})...).When(order.Ship{ShipmentID: "s"}).ThenRefused("order-not-confirmed")
}

func TestShip_withoutLines_isAllThatIsLeft(t *testing.T) {
	given(t, toShip()...).When(order.Ship{ShipmentID: "s", Carrier: "dhl", Tracking: "4711"}).
		Then(order.Shipped{ShipmentID: "s", Lines: []order.ShippedLine{line("1", 3), line("2", 1)}, Carrier: "dhl", Tracking: "4711", Final: true})
	given(t, toShip(shipped("s", false, line("1", 2)))...).When(order.Ship{ShipmentID: "t"}).
		Then(shipped("t", true, line("1", 1), line("2", 1)))
}

func TestShip_partOfIt_isNotFinal(t *testing.T) {
	given(t, toShip()...).When(order.Ship{ShipmentID: "s", Lines: []order.ShippedLine{line("1", 3)}}).Then(shipped("s", false, line("1", 3)))
}

func TestShip_sameLineTwice_isMerged(t *testing.T) {
	given(t, toShip()...).When(order.Ship{ShipmentID: "s", Lines: []order.ShippedLine{line("1", 1), line("2", 1), line("1", 2)}}).
		Then(shipped("s", true, line("1", 3), line("2", 1)))
	given(t, toShip()...).When(order.Ship{ShipmentID: "s", Lines: []order.ShippedLine{line("1", 2), line("1", 2)}}).ThenRefused("over-shipment")
}

// I6: never more than was ordered.
func TestShip_moreThanIsLeft_isRefused(t *testing.T) {
	given(t, toShip()...).When(order.Ship{ShipmentID: "s", Lines: []order.ShippedLine{line("1", 4)}}).ThenRefused("over-shipment")
	given(t, toShip(shipped("s", false, line("1", 2)))...).
		When(order.Ship{ShipmentID: "t", Lines: []order.ShippedLine{line("1", 2)}}).ThenRefused("over-shipment")
	given(t, toShip(shipped("s", true, line("1", 3), line("2", 1)))...).When(order.Ship{ShipmentID: "t"}).ThenRefused("over-shipment")
}

func TestShip_sameShipmentAgain_isNothingNew(t *testing.T) {
	all := shipped("s", true, line("1", 3), line("2", 1))
	given(t, toShip(all)...).When(order.Ship{ShipmentID: "s"}).Then()
	given(t, toShip(all, order.Delivered{ShipmentID: "s"}, order.Completed{})...).When(order.Ship{ShipmentID: "s"}).Then()
}

func TestShip_refusals(t *testing.T) {
	given(t).When(order.Ship{ShipmentID: "s"}).ThenRefused("unknown-order")
	for _, wrong := range []order.Ship{
		{ShipmentID: "s", Lines: []order.ShippedLine{line("3", 1)}},
		{ShipmentID: "s", Lines: []order.ShippedLine{line("1", 0)}},
		{ShipmentID: "s", Lines: []order.ShippedLine{line("1", -1)}},
		{ShipmentID: "s", Carrier: "by hand"},
		{ShipmentID: "s", Tracking: "a b"},
	} {
		given(t, toShip()...).When(wrong).ThenRefused("validation-failed")
	}
	for _, history := range [][]order.Event{two(), two(order.PaymentAwaited{PayBy: 9})} {
		given(t, history...).When(order.Ship{ShipmentID: "s"}).ThenRefused("order-not-confirmed")
	}
	for _, end := range ends {
		given(t, two(end)...).When(order.Ship{ShipmentID: "s"}).ThenRefused("order-not-confirmed")
	}
}

func TestDeliver_aShipmentArrivesOnce(t *testing.T) {
	parts := []order.Event{shipped("s", false, line("1", 3)), shipped("t", true, line("2", 1))}
	given(t, toShip(parts...)...).When(order.Deliver{ShipmentID: "t"}).Then(order.Delivered{ShipmentID: "t"})
	given(t, toShip(append(parts, order.Delivered{ShipmentID: "t"})...)...).When(order.Deliver{ShipmentID: "t"}).Then()
	given(t, toShip(parts...)...).When(order.Deliver{ShipmentID: "u"}).ThenRefused("unknown-shipment")
	given(t).When(order.Deliver{ShipmentID: "s"}).ThenRefused("unknown-order")
}

func TestFulfillment_followsShipmentsAndDeliveries(t *testing.T) {
	s := order.Decider.Fold(order.State{}, toShip()...)
	for _, next := range []struct {
		event order.Event
		want  string
	}{
		{nil, order.Unfulfilled},
		{shipped("s", false, line("1", 3)), order.PartiallyShipped},
		{order.Delivered{ShipmentID: "s"}, order.PartiallyShipped},
		{shipped("t", true, line("2", 1)), order.FullyShipped},
		{order.Delivered{ShipmentID: "t"}, order.FullyDelivered},
	} {
		if next.event != nil {
			s = order.Decider.Evolve(s, next.event)
		}
		require.Equal(t, next.want, s.Fulfillment(), "%T", next.event)
	}
	require.EqualValues(t, 3, s.Shipped("1"))
}

func TestComplete_onceAllIsDelivered(t *testing.T) {
	sent := shipped("s", true, line("1", 3), line("2", 1))
	given(t, toShip(sent, order.Delivered{ShipmentID: "s"})...).When(order.Complete{}).Then(order.Completed{})
	given(t, toShip(sent, order.Delivered{ShipmentID: "s"}, order.Completed{})...).When(order.Complete{}).Then()
	for _, early := range [][]order.Event{two(), toShip(), toShip(sent), toShip(shipped("s", false, line("1", 3)), order.Delivered{ShipmentID: "s"})} {
		given(t, early...).When(order.Complete{}).Then()
	}
}

// Terminal is final: of all commands none changes how an order ended.
func TestTerminal_isFinal(t *testing.T) {
	for status, end := range ends {
		for _, c := range []order.Command{order.AwaitPayment{}, order.Confirm{}, order.Cancel{Reason: "r"}, order.Complete{}, order.Expire{},
			order.Reject{Reason: "r"}, order.CancelOnRequest{Reason: "r"}, order.Ship{ShipmentID: "new"}, order.Deliver{ShipmentID: "s"}} {
			s := order.Decider.Fold(order.State{}, two(end)...)
			events, _ := order.Decider.Decide(s, c)
			require.Equal(t, status, order.Decider.Fold(s, events...).Status, "%T", c)
		}
	}
}

func TestPlace_discontinuedProduct(t *testing.T) {
	gone := *teddy
	gone.Discontinued = true
	c := ask(func(c *order.Place) { c.Items[0].Product = &gone })
	given(t).When(c).ThenRefused("product-discontinued")
	given(t, placed()).When(c).Then()
	c.Letter = true
	given(t).When(c).Then(order.Rejected{Reason: "discontinued", Content: c.Content()})
}

func TestShip_moreThanIsLeft_saysHowManyAre(t *testing.T) {
	state := order.State{}
	for _, e := range toShip(shipped("s", false, line("1", 2))) {
		state = order.Decider.Evolve(state, e)
	}
	_, err := order.Decider.Decide(state, order.Ship{ShipmentID: "t", Lines: []order.ShippedLine{line("1", 2)}})
	require.ErrorContains(t, err, "line 1: 1 left to ship")
}
