package order

import "ordermill/domain/decider"

// Names of the events in the log.
const (
	PlacedType           = "order.placed"
	RejectedType         = "order.rejected"
	PaymentAwaitedType   = "order.payment_awaited"
	ConfirmedType        = "order.confirmed"
	ConfirmationSentType = "order.confirmation_sent"
	CancelledType        = "order.cancelled"
	ExpiredType          = "order.expired"
	ShippedType          = "order.shipped"
	DeliveredType        = "order.delivered"
	CompletedType        = "order.completed"
)

// Event is a fact about an order. Times are ms since 1970.
//
//sumtype:decl
type Event interface {
	decider.Event
	order()
}

type (
	// Placed: the order is taken, at the catalogue's prices.
	Placed struct {
		Source          string `json:"source"`
		CustomerRef     string `json:"customer_ref,omitempty"`
		Currency        string `json:"currency"`
		Lines           []Line `json:"lines"`
		GrandTotalMinor int64  `json:"grand_total_minor"`
		Content         string `json:"content"` // fingerprint of what was asked for
	}
	// Rejected: the order is not taken. It comes first in its stream when the catalogue says no (then it has `content`), or after
	// `order.placed` when the stock does (then it has `shortages`).
	Rejected struct {
		Reason    string     `json:"reason"`
		Shortages []Shortage `json:"shortages,omitempty"`
		Content   string     `json:"content,omitempty"`
	}
	// PaymentAwaited: stock is held, money is asked for.
	PaymentAwaited struct {
		PayBy int64 `json:"pay_by"` // when the order expires, unless its money is there
	}
	// Confirmed: paid and held.
	Confirmed struct{}
	// ConfirmationSent: the customer was told.
	ConfirmationSent struct {
		Channel   string `json:"channel"`
		MessageID string `json:"message_id"`
	}
	// Cancelled: the order ends without delivery: somebody asked for it, or its stock was lost after payment.
	Cancelled struct {
		Reason string `json:"reason"`
	}
	// Expired: the money did not come in time.
	Expired struct{}
	// Shipped: goods left.
	Shipped struct {
		ShipmentID string        `json:"shipment_id"`
		Lines      []ShippedLine `json:"lines"`
		Carrier    string        `json:"carrier,omitempty"`  // a code
		Tracking   string        `json:"tracking,omitempty"` // the carrier's number for the parcel
		Final      bool          `json:"final"`              // they were the last that the order asked for
	}
	// Delivered: a shipment arrived.
	Delivered struct {
		ShipmentID string `json:"shipment_id"`
	}
	// Completed: everything was delivered.
	Completed struct{}
)

// ShippedLine is how many units of a line left with a shipment.
type ShippedLine struct {
	LineID   string `json:"line_id"`
	Quantity int64  `json:"quantity"`
}

// Line is one SKU of an order.
type Line struct {
	LineID         string `json:"line_id"`
	SKU            string `json:"sku"`
	Name           string `json:"name"`
	Quantity       int64  `json:"quantity"`
	UnitPriceMinor int64  `json:"unit_price_minor"`
	TotalMinor     int64  `json:"total_minor"`
}

// Shortage is a SKU of which less was available than the order asked for.
type Shortage struct {
	SKU       string `json:"sku"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// EventType is the event's name in the log.
func (Placed) EventType() string { return PlacedType }

// EventType is the event's name in the log.
func (Rejected) EventType() string { return RejectedType }

// EventType is the event's name in the log.
func (PaymentAwaited) EventType() string { return PaymentAwaitedType }

// EventType is the event's name in the log.
func (Confirmed) EventType() string { return ConfirmedType }

// EventType is the event's name in the log.
func (ConfirmationSent) EventType() string { return ConfirmationSentType }

// EventType is the event's name in the log.
func (Cancelled) EventType() string { return CancelledType }

// EventType is the event's name in the log.
func (Expired) EventType() string { return ExpiredType }

// EventType is the event's name in the log.
func (Shipped) EventType() string { return ShippedType }

// EventType is the event's name in the log.
func (Delivered) EventType() string { return DeliveredType }

// EventType is the event's name in the log.
func (Completed) EventType() string { return CompletedType }

func (Placed) order()           {}
func (Rejected) order()         {}
func (PaymentAwaited) order()   {}
func (Confirmed) order()        {}
func (ConfirmationSent) order() {}
func (Cancelled) order()        {}
func (Expired) order()          {}
func (Shipped) order()          {}
func (Delivered) order()        {}
func (Completed) order()        {}
