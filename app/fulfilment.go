package app

import (
	"context"

	"github.com/google/uuid"

	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
)

// OrderChanged is an order and its account after a command.
type OrderChanged struct {
	OrderID string
	Order   order.State
	Account payment.State
}

// onOrder decides a command on an order for a call.
func (d *Desk) onOrder(ctx context.Context, call Call, id uuid.UUID, orderID string, command order.Command) (Answer, error) {
	return d.do(ctx, call, Command{
		ID:    id,
		Meta:  eventstore.Metadata{CorrelationID: orderID},
		Reads: []Ref{orders.ref(orderID), accounts.ref(orderID)},
		Decide: func(decision *Decision) (any, error) {
			if _, err := orders.decide(decision, orderID, command); err != nil {
				return nil, err
			}
			return OrderChanged{orderID, orders.state(decision, orderID), accounts.state(decision, orderID)}, nil
		},
	})
}

// CancelOrder ends an order of which nothing was shipped. Its stock and its money follow behind the answer. reason is a code.
func (d *Desk) CancelOrder(ctx context.Context, call Call, orderID, reason string) (Answer, error) {
	return d.onOrder(ctx, call, uuid.Nil, orderID, order.CancelOnRequest{Reason: reason})
}

// ShipOrder tells that goods of an order left.
type ShipOrder struct {
	OrderID           string
	Lines             []order.ShippedLine // none: all that is left
	Carrier, Tracking string              // codes, or ""
}

// Shipped is a shipment, as it stands in its order after the command.
type Shipped struct {
	ShipmentID string
	OrderChanged
}

// ShipOrder records a shipment; the stock leaves behind the answer.
func (d *Desk) ShipOrder(ctx context.Context, call Call, c ShipOrder) (Answer, error) {
	id := uuid.Must(uuid.NewV7())
	respond := call.Respond
	call.Respond = func(result any) []byte { return respond(Shipped{id.String(), result.(OrderChanged)}) }
	return d.onOrder(ctx, call, id, c.OrderID,
		order.Ship{ShipmentID: id.String(), Lines: c.Lines, Carrier: c.Carrier, Tracking: c.Tracking})
}

// DeliverShipment tells that a shipment arrived.
func (d *Desk) DeliverShipment(ctx context.Context, call Call, orderID, shipmentID string) (Answer, error) {
	return d.onOrder(ctx, call, uuid.Nil, orderID, order.Deliver{ShipmentID: shipmentID})
}
