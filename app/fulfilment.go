package app

import (
	"context"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
)

// OrderChanged is an order, its account and its checkout after a command.
type OrderChanged struct {
	OrderID    string
	ShipmentID string // which shipment the command was about; "": none
	Order      order.State
	Account    payment.State
	Memory     checkout.State
}

// onOrder decides a command on an order for a call. about says which order, and which shipment of it.
func (d *Desk) onOrder(ctx context.Context, call Call, id uuid.UUID, about OrderChanged, command order.Command) (Answer, error) {
	return d.do(ctx, call, Command{
		ID:    id,
		Meta:  eventstore.Metadata{CorrelationID: about.OrderID},
		Reads: []Ref{orders.ref(about.OrderID), accounts.ref(about.OrderID), checkouts.ref(about.OrderID)},
		Decide: func(decision *Decision) (any, error) {
			if _, err := orders.decide(decision, about.OrderID, command); err != nil {
				return nil, err
			}
			changed := about
			changed.Order, changed.Account = orders.state(decision, about.OrderID), accounts.state(decision, about.OrderID)
			changed.Memory = checkouts.state(decision, about.OrderID)
			return changed, nil
		},
	})
}

// CancelOrder ends an order of which nothing was shipped. Its stock and its money follow behind the answer. reason is a code.
func (d *Desk) CancelOrder(ctx context.Context, call Call, orderID, reason string) (Answer, error) {
	return d.onOrder(ctx, call, uuid.Nil, OrderChanged{OrderID: orderID}, order.CancelOnRequest{Reason: reason})
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
	return d.onOrder(ctx, call, id, OrderChanged{OrderID: c.OrderID, ShipmentID: id.String()},
		order.Ship{ShipmentID: id.String(), Lines: c.Lines, Carrier: c.Carrier, Tracking: c.Tracking})
}

// DeliverShipment tells that a shipment arrived.
func (d *Desk) DeliverShipment(ctx context.Context, call Call, orderID, shipmentID string) (Answer, error) {
	return d.onOrder(ctx, call, uuid.Nil, OrderChanged{OrderID: orderID, ShipmentID: shipmentID}, order.Deliver{ShipmentID: shipmentID})
}
