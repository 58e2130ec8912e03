package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/order"
)

// shipmentRequest is a command to a shipment of an order.
type shipmentRequest struct {
	Request
	ID         string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"order id"`
	ShipmentID string `path:"shipment_id" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
}

func (a *API) registerFulfilment() {
	command(a, huma.Operation{
		Path: "/v1/orders/{id}/cancel", OperationID: "cancel-order", Tags: []string{"orders"}, DefaultStatus: http.StatusOK,
		Summary:     "Cancel an order of which nothing was shipped",
		Description: "Decided at once and for good. Its stock is released and its money refunded behind the answer. Cancelled once more, it is answered as it is.",
	}, options{},
		func(ctx context.Context, in *orderRequest, body v1.CancelOrder, call app.Call) (app.Answer, error) {
			return a.Desk.CancelOrder(ctx, call, in.ID, body.Reason)
		},
		func(result any) reply[v1.Order] {
			r := result.(app.OrderChanged)
			return reply[v1.Order]{http.StatusOK, "/v1/orders/" + r.OrderID, orderNow(r.OrderNow)}
		})
	command(a, huma.Operation{
		Path: "/v1/orders/{id}/shipments", OperationID: "ship-order", Tags: []string{"orders"}, DefaultStatus: http.StatusCreated,
		Summary:     "Tell that goods of a confirmed order left",
		Description: "Without lines, or without a body, it is all that is left. Send an Idempotency-Key when you name lines: the same lines again are another parcel.",
	}, options{mayBeEmpty: true},
		func(ctx context.Context, in *orderRequest, body v1.ShipOrder, call app.Call) (app.Answer, error) {
			ship := app.ShipOrder{OrderID: in.ID, Carrier: body.Carrier, Tracking: body.Tracking}
			for _, l := range body.Lines {
				ship.Lines = append(ship.Lines, order.ShippedLine(l))
			}
			return a.Desk.ShipOrder(ctx, call, ship)
		}, shipmentChanged(http.StatusCreated))
	command(a, huma.Operation{
		Path: "/v1/orders/{id}/shipments/{shipment_id}/deliver", OperationID: "deliver-shipment", Tags: []string{"orders"}, DefaultStatus: http.StatusOK,
		Summary: "Tell that a shipment arrived; when all has, the order is completed",
	}, options{mayBeEmpty: true},
		func(ctx context.Context, in *shipmentRequest, _ nothing, call app.Call) (app.Answer, error) {
			return a.Desk.DeliverShipment(ctx, call, in.ID, in.ShipmentID)
		}, shipmentChanged(http.StatusOK))
}

// shipmentChanged renders a shipment as it stands in its order after a command.
func shipmentChanged(status int) func(any) reply[v1.ShipmentChanged] {
	return func(result any) reply[v1.ShipmentChanged] {
		r := result.(app.OrderChanged)
		shipment, _ := r.Order.Shipment(r.ShipmentID)
		return reply[v1.ShipmentChanged]{status, "/v1/orders/" + r.OrderID, v1.ShipmentChanged{
			Shipment: shipmentOf(shipment), OrderID: r.OrderID, FulfillmentStatus: r.Order.Fulfillment()}}
	}
}
