package app

import (
	"context"

	"github.com/google/uuid"

	"ordermill/domain/order"
	"ordermill/eventstore"
)

// OrderChanged is an order after a command.
type OrderChanged struct {
	OrderNow
	ShipmentID string // which shipment the command was about; "": none
}

// onOrder decides a command on an order, or on one shipment of it, for a call.
func (d *Desk) onOrder(ctx context.Context, call Call, id uuid.UUID, orderID, shipmentID string, command order.Command) (Answer, error) {
	return d.do(ctx, call, Command{
		ID:    id,
		Meta:  eventstore.Metadata{CorrelationID: orderID},
		Reads: []Ref{orders.ref(orderID), accounts.ref(orderID), checkouts.ref(orderID)},
		Decide: func(decision *Decision) (any, error) {
			if _, err := orders.decide(decision, orderID, command); err != nil {
				return nil, err
			}
			return OrderChanged{orderNow(decision, orderID), shipmentID}, nil
		},
	})
}

// CancelOrder ends an order of which nothing was shipped. Its stock and its money follow behind the answer. reason is a code.
func (d *Desk) CancelOrder(ctx context.Context, call Call, orderID, reason string) (Answer, error) {
	return d.onOrder(ctx, call, uuid.Nil, orderID, "", order.CancelOnRequest{Reason: reason})
}

// ShipOrder tells that goods of an order left.
type ShipOrder struct {
	OrderID           string
	Lines             []order.ShippedLine // none: all that is left
	Carrier, Tracking string              // codes, or ""
}

// ShipOrder records a shipment; the stock leaves behind the answer.
func (d *Desk) ShipOrder(ctx context.Context, call Call, c ShipOrder) (Answer, error) {
	id := uuid.Must(uuid.NewV7())
	return d.onOrder(ctx, call, id, c.OrderID, id.String(),
		order.Ship{ShipmentID: id.String(), Lines: c.Lines, Carrier: c.Carrier, Tracking: c.Tracking})
}

// DeliverShipment tells that a shipment arrived.
func (d *Desk) DeliverShipment(ctx context.Context, call Call, orderID, shipmentID string) (Answer, error) {
	return d.onOrder(ctx, call, uuid.Nil, orderID, shipmentID, order.Deliver{ShipmentID: shipmentID})
}
