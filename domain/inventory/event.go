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
	AdjustedType           = "inventory.adjusted"
	CommittedType          = "inventory.committed"
	LowStockReachedType    = "inventory.low_stock_reached"
	RestockedType          = "inventory.restocked"
)

// Event is a fact about one SKU's stock. Times are ms since 1970. Whatever moves a reservation tells its quantity, so that sums need no memory.
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
	// Received: goods came in, once per stock receipt.
	Received struct {
		StockReceiptID string `json:"stock_receipt_id"`
		Quantity       int64  `json:"quantity"`
	}
	// Reserved: units are held for an order, until they expire.
	Reserved struct {
		ReservationID string `json:"reservation_id"`
		OrderID       string `json:"order_id"`
		Quantity      int64  `json:"quantity"`
		ExpiresAt     int64  `json:"expires_at"`
	}
	// ReservationSecured: the hold is hard: the order is paid, and its units do not expire any more.
	ReservationSecured struct {
		ReservationID string `json:"reservation_id"`
		OrderID       string `json:"order_id"`
		Quantity      int64  `json:"quantity"`
	}
	// ReservationExpired: a hold that nobody secured in time is gone; written by the next decision on the SKU.
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
	// Adjusted: somebody counted, and there is more or less than was known.
	Adjusted struct {
		AdjustmentID string `json:"adjustment_id"`
		Delta        int64  `json:"delta"`
		Reason       string `json:"reason"` // a code
	}
	// Committed: units left with a shipment, out of the order's hard hold.
	Committed struct {
		ReservationID string `json:"reservation_id"`
		OrderID       string `json:"order_id"`
		ShipmentID    string `json:"shipment_id"`
		Quantity      int64  `json:"quantity"`
	}
	// LowStockReached: no more than the threshold is available; said once, when it comes to that.
	LowStockReached struct {
		Available int64 `json:"available"`
	}
	// Restocked: more than the threshold is available again.
	Restocked struct {
		Available int64 `json:"available"`
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

// EventType is the event's name in the log.
func (Adjusted) EventType() string { return AdjustedType }

// EventType is the event's name in the log.
func (Committed) EventType() string { return CommittedType }

// EventType is the event's name in the log.
func (LowStockReached) EventType() string { return LowStockReachedType }

// EventType is the event's name in the log.
func (Restocked) EventType() string { return RestockedType }

func (ItemRegistered) inventory()     {}
func (Received) inventory()           {}
func (Reserved) inventory()           {}
func (ReservationSecured) inventory() {}
func (ReservationExpired) inventory() {}
func (Released) inventory()           {}
func (Adjusted) inventory()           {}
func (Committed) inventory()          {}
func (LowStockReached) inventory()    {}
func (Restocked) inventory()          {}
