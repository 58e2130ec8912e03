package inventory

import "ordermill/domain/decider"

// Names of the events in the log.
const (
	ItemRegisteredType     = "inventory.item_registered"
	ReceivedType           = "inventory.received"
	ReservedType           = "inventory.reserved"
	ReservationSecuredType = "inventory.reservation_secured"
	ReservationExpiredType = "inventory.reservation_expired"
	ReleasedType           = "inventory.released"
)

// Event is a fact about one SKU's stock. Whatever moves a reservation tells its quantity, so that sums need no memory.
//
//sumtype:decl
type Event interface {
	decider.Event
	inventory()
}

type (
	// ItemRegistered: the SKU can be stocked, in the same append as its product.
	ItemRegistered struct {
		SKU               string `json:"sku"`
		SafetyStock       int64  `json:"safety_stock"`        // units that are never promised
		LowStockThreshold int64  `json:"low_stock_threshold"` // low when no more than this is available
	}
	// Received: goods arrived.
	Received struct {
		StockReceiptID string `json:"stock_receipt_id"`
		Quantity       int64  `json:"quantity"`
	}
	// Reserved: units are held for an order until ExpiresAt, ms since 1970.
	Reserved struct {
		ReservationID string `json:"reservation_id"`
		OrderID       string `json:"order_id"`
		Quantity      int64  `json:"quantity"`
		ExpiresAt     int64  `json:"expires_at"`
	}
	// ReservationSecured: the order is paid, its units do not expire any more.
	ReservationSecured struct {
		ReservationID string `json:"reservation_id"`
		OrderID       string `json:"order_id"`
		Quantity      int64  `json:"quantity"`
	}
	// ReservationExpired: a reservation that nobody secured in time is gone.
	ReservationExpired struct {
		ReservationID string `json:"reservation_id"`
		OrderID       string `json:"order_id"`
		Quantity      int64  `json:"quantity"`
	}
	// Released: the order does not need its units.
	Released struct {
		ReservationID string `json:"reservation_id"`
		OrderID       string `json:"order_id"`
		Quantity      int64  `json:"quantity"`
		Reason        string `json:"reason"`
	}
)

// EventType is the event's name in the log.
func (ItemRegistered) EventType() string { return ItemRegisteredType }

// EventType is the event's name in the log.
func (Received) EventType() string { return ReceivedType }

// EventType is the event's name in the log.
func (Reserved) EventType() string { return ReservedType }

// EventType is the event's name in the log.
func (ReservationSecured) EventType() string { return ReservationSecuredType }

// EventType is the event's name in the log.
func (ReservationExpired) EventType() string { return ReservationExpiredType }

// EventType is the event's name in the log.
func (Released) EventType() string { return ReleasedType }

func (ItemRegistered) inventory()     {}
func (Received) inventory()           {}
func (Reserved) inventory()           {}
func (ReservationSecured) inventory() {}
func (ReservationExpired) inventory() {}
func (Released) inventory()           {}
