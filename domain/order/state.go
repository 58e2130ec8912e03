package order

import "slices"

// Category of an order's stream, order-{order_id}.
const Category = "order"

// Values of State.Status.
const (
	StatusPlaced          = "placed"
	StatusAwaitingPayment = "awaiting_payment"
	StatusConfirmed       = "confirmed"
	StatusRejected        = "rejected"
	StatusCancelled       = "cancelled"
	StatusExpired         = "expired"
	StatusCompleted       = "completed"
)

// Values of State.Fulfillment: fulfillment_status of the REST contract.
const (
	Unfulfilled      = "unfulfilled"
	PartiallyShipped = "partially_shipped"
	FullyShipped     = "shipped"
	FullyDelivered   = "delivered"
)

// State is an order as its stream tells; the zero State is an order that nobody placed.
type State struct {
	Status           string     `json:"status"`
	Reason           string     `json:"reason,omitempty"` // why it was rejected or cancelled, a code
	Source           string     `json:"source,omitempty"`
	CustomerRef      string     `json:"customer_ref,omitempty"`
	Currency         string     `json:"currency,omitempty"` // of all lines; "" if rejected at the door
	Lines            []Line     `json:"lines,omitempty"`
	GrandTotalMinor  int64      `json:"grand_total_minor"`
	Content          string     `json:"content"`
	Shortages        []Shortage `json:"shortages,omitempty"`
	PayBy            int64      `json:"pay_by,omitempty"`            // ms since 1970
	ConfirmationSent string     `json:"confirmation_sent,omitempty"` // Message-ID of the confirmation
	Shipments        []Shipment `json:"shipments,omitempty"`
}

// Shipment is goods that left, and whether they arrived.
type Shipment struct {
	ShipmentID string        `json:"shipment_id"`
	Lines      []ShippedLine `json:"lines"`
	Carrier    string        `json:"carrier,omitempty"`
	Tracking   string        `json:"tracking,omitempty"`
	Delivered  bool          `json:"delivered,omitempty"`
}

// Exists reports whether the order was placed, or rejected at the door.
func (s State) Exists() bool { return s.Status != "" }

// Placed reports whether the order was taken, whatever became of it.
func (s State) Placed() bool { return len(s.Lines) > 0 }

// Closed reports whether the order has ended without everything being delivered: nothing is due and nothing is held.
func (s State) Closed() bool {
	return s.Status == StatusRejected || s.Status == StatusCancelled || s.Status == StatusExpired
}

// Terminal reports whether the order has ended, for good.
func (s State) Terminal() bool { return s.Closed() || s.Status == StatusCompleted }

// Live reports whether the order was placed and has not ended.
func (s State) Live() bool { return s.Exists() && !s.Terminal() }

// Shipped is how many units of a line have left.
func (s State) Shipped(lineID string) (quantity int64) {
	for _, shipment := range s.Shipments {
		for _, l := range shipment.Lines {
			if l.LineID == lineID {
				quantity += l.Quantity
			}
		}
	}
	return quantity
}

// Line finds a line by its id.
func (s State) Line(id string) (Line, bool) {
	i := slices.IndexFunc(s.Lines, func(l Line) bool { return l.LineID == id })
	if i < 0 {
		return Line{}, false
	}
	return s.Lines[i], true
}

// Fulfillment is the order's fulfillment_status.
func (s State) Fulfillment() string {
	if len(s.Shipments) == 0 {
		return Unfulfilled
	}
	for _, l := range s.Lines {
		if s.Shipped(l.LineID) < l.Quantity {
			return PartiallyShipped
		}
	}
	if slices.ContainsFunc(s.Shipments, func(shipment Shipment) bool { return !shipment.Delivered }) {
		return FullyShipped
	}
	return FullyDelivered
}

// Shipment finds a shipment by its id.
func (s State) Shipment(id string) (Shipment, bool) {
	i := slices.IndexFunc(s.Shipments, func(shipment Shipment) bool { return shipment.ShipmentID == id })
	if i < 0 {
		return Shipment{}, false
	}
	return s.Shipments[i], true
}

// evolve never writes into a slice of s, so a copy of a State stays what it is.
func evolve(s State, event Event) State {
	switch e := event.(type) {
	case Placed:
		s.Status, s.Source, s.CustomerRef, s.Currency = StatusPlaced, e.Source, e.CustomerRef, e.Currency
		s.Lines, s.GrandTotalMinor, s.Content = e.Lines, e.GrandTotalMinor, e.Content
	case Rejected:
		s.Status, s.Reason, s.Shortages = StatusRejected, e.Reason, e.Shortages
		if e.Content != "" {
			s.Content = e.Content
		}
	case PaymentAwaited:
		s.Status, s.PayBy = StatusAwaitingPayment, e.PayBy
	case Confirmed:
		s.Status = StatusConfirmed
	case ConfirmationSent:
		s.ConfirmationSent = e.MessageID
	case Cancelled:
		s.Status, s.Reason = StatusCancelled, e.Reason
	case Expired:
		s.Status = StatusExpired
	case Shipped:
		s.Shipments = append(slices.Clip(s.Shipments), Shipment{
			ShipmentID: e.ShipmentID, Lines: e.Lines, Carrier: e.Carrier, Tracking: e.Tracking,
		})
	case Delivered:
		s.Shipments = slices.Clone(s.Shipments)
		for i := range s.Shipments {
			if s.Shipments[i].ShipmentID == e.ShipmentID {
				s.Shipments[i].Delivered = true
			}
		}
	case Completed:
		s.Status = StatusCompleted
	}
	return s
}
