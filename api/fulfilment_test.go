package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/domain/order"
	"ordermill/projections/orders"
)

var halfShipped = order.State{Status: order.StatusConfirmed, Currency: "USD", Lines: []order.Line{bears}, GrandTotalMinor: 5998,
	Shipments: []order.Shipment{{ShipmentID: "s1", Lines: []order.ShippedLine{{LineID: "1", Quantity: 1}}, Carrier: "post", Tracking: "T1", Delivered: true}}}

// shipped is what the desk says of its first parcel.
var shipped = app.OrderChanged{ShipmentID: "s1", OrderNow: app.OrderNow{OrderID: "1", Order: halfShipped}}

var firstParcel = v1.Shipment{ShipmentID: "s1", Lines: []v1.ShipmentLine{{LineID: "1", Quantity: 1}}, Carrier: "post", Tracking: "T1", Delivered: true}

func TestOrder_showsItsShipments(t *testing.T) {
	s := newShop(t)
	s.orders["1"] = orders.Row{OrderID: "1", Order: halfShipped}
	var got v1.Order
	s.get("/v1/orders/1").ok(200, &got)
	require.Equal(t, "partially_shipped", got.FulfillmentStatus)
	require.Equal(t, int64(1), got.Lines[0].ShippedQuantity)
	require.Equal(t, []v1.Shipment{firstParcel}, got.Shipments)
}

func TestOrders_cancel(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.OrderChanged{OrderNow: app.OrderNow{OrderID: "1", PlacedAt: recorded.UnixMilli(), UpdatedAt: recorded.UnixMilli(),
		Order: order.State{Status: order.StatusCancelled, Reason: "changed_mind", Lines: []order.Line{bears}}}}
	s.desk.position = 12
	var got v1.Order
	answer := s.post("/v1/orders/1/cancel", `{"reason":"changed_mind"}`)
	answer.ok(200, &got)
	require.Equal(t, "cancelled", got.Status)
	require.Equal(t, "changed_mind", got.Reason)
	require.Equal(t, when(), got.PlacedAt)
	require.Equal(t, "/v1/orders/1", answer.Header.Get("Location"))
	require.Equal(t, "12", answer.Header.Get("X-Position"))
	require.Equal(t, []any{"cancel", "1", "changed_mind"}, s.desk.command)
}

func TestOrders_ship_linesOrAllThatIsLeft(t *testing.T) {
	for body, command := range map[string]app.ShipOrder{
		``:   {OrderID: "1"},
		`{}`: {OrderID: "1"},
		`{"lines":[{"line_id":"1","quantity":2}],"carrier":"post","tracking":"T1"}`: {
			OrderID: "1", Lines: []order.ShippedLine{{LineID: "1", Quantity: 2}}, Carrier: "post", Tracking: "T1"},
	} {
		s := newShop(t)
		s.desk.result = shipped
		var got v1.ShipmentChanged
		answer := s.post("/v1/orders/1/shipments", body)
		answer.ok(201, &got)
		require.Equal(t, v1.ShipmentChanged{Shipment: firstParcel, OrderID: "1", FulfillmentStatus: "partially_shipped"}, got)
		require.Equal(t, "/v1/orders/1", answer.Header.Get("Location"))
		require.Equal(t, command, s.desk.command, body)
	}
	require.Equal(t, 201, func() int {
		s := newShop(t)
		s.desk.result = shipped
		return s.do("POST", "/v1/orders/1/shipments", "").StatusCode
	}(), "a POST without a body needs no media type")
}

func TestOrders_ship_again_sameKey_isTheSameParcel(t *testing.T) {
	s := newShop(t)
	s.desk.result = shipped
	first := s.do("POST", "/v1/orders/1/shipments", "", "Idempotency-Key: k")
	s.desk.result = app.OrderChanged{ShipmentID: "s2"}
	again := s.do("POST", "/v1/orders/1/shipments", "", "Idempotency-Key: k")
	require.Equal(t, first.text, again.text)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
}

func TestOrders_deliver(t *testing.T) {
	s := newShop(t)
	s.desk.result = shipped
	s.log.append(record(6, "order-1", 1, "order.placed", "{}"))
	var got v1.ShipmentChanged
	answer := s.do("POST", "/v1/orders/1/shipments/s1/deliver", "")
	answer.ok(200, &got)
	require.True(t, got.Delivered)
	require.Equal(t, "6", answer.Header.Get("X-Position"), "delivered already: the order's last event")
	require.Equal(t, []any{"deliver", "1", "s1"}, s.desk.command)
}

func TestOrders_whatCannotBeDone(t *testing.T) {
	s := newShop(t)
	for _, c := range []struct {
		path, body, code string
		status           int
	}{
		{"/cancel", `{"reason":"x"}`, v1.OrderNotCancellable, 409}, {"/cancel", `{"reason":"x"}`, v1.UnknownOrder, 404},
		{"/shipments", ``, v1.OrderNotConfirmed, 409}, {"/shipments", ``, v1.OverShipment, 422}, {"/shipments", ``, v1.UnknownOrder, 404},
		{"/shipments/s/deliver", ``, v1.UnknownShipment, 404},
	} {
		s.desk.err = &decider.Refusal{Code: c.code, Detail: "no", Extra: map[string]any{"current_status": "placed"}}
		answer := s.post("/v1/orders/1"+c.path, c.body)
		require.Equal(t, c.status, answer.StatusCode, c.code)
		require.Equal(t, "placed", answer.problem(c.code).Extra["current_status"])
	}
}

// TestBodies_thatMayBeEmpty_areAsStrictAsOthers: what is not there is fine, what is there is read.
func TestBodies_thatMayBeEmpty_areAsStrictAsOthers(t *testing.T) {
	s := newShop(t)
	for _, path := range []string{
		"/v1/products/A/discontinue", "/v1/orders/1/shipments", "/v1/orders/1/shipments/s/deliver", "/v1/orders/1/refunds/f/complete",
		"/v1/orders/1/refunds/f/fail", "/v1/payments/unmatched/c/refund",
	} {
		for _, body := range []string{"[]", "null", "{", "{}x", `{"colour":"red"}`, " "} {
			answer := s.post(path, body)
			require.Equal(t, 400, answer.StatusCode, "%s %s", path, body)
			answer.problem(v1.InvalidJSON)
		}
	}
	s.post("/v1/orders/1/cancel", "").problem(v1.InvalidJSON)
	require.Nil(t, s.desk.command)
}
