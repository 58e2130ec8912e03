package v1

import (
	"encoding/json"
	"time"
)

// Movement is one event of a SKU's stock, with what it changed and what was there afterwards.
type Movement struct {
	Position  int64      `json:"position"`
	Type      string     `json:"type"`
	At        *time.Time `json:"at"`
	Delta     StockSums  `json:"delta"`
	After     StockSums  `json:"after"`
	OrderID   string     `json:"order_id" doc:"empty if it is no order's"`
	Reference string     `json:"reference" doc:"id of the stock receipt, adjustment, reservation or shipment"`
}

// StockSums are units.
type StockSums struct {
	OnHand    int64 `json:"on_hand"`
	Reserved  int64 `json:"reserved" doc:"held until an expiry"`
	Allocated int64 `json:"allocated" doc:"held for good"`
}

// Reservation is units that an order holds.
type Reservation struct {
	OrderID       string     `json:"order_id"`
	ReservationID string     `json:"reservation_id"`
	Quantity      int64      `json:"quantity" doc:"what has not left with a shipment"`
	Kind          string     `json:"kind" enum:"soft,hard"`
	ExpiresAt     *time.Time `json:"expires_at" doc:"null: it does not"`
}

// Timeline is everything that happened around an order, and what it waits for.
type Timeline struct {
	OrderID       string          `json:"order_id"`
	Status        string          `json:"status" doc:"empty: nobody placed it"`
	PaymentStatus string          `json:"payment_status"`
	WaitingFor    string          `json:"waiting_for" doc:"one line for people"`
	Items         []TimelineEntry `json:"items" doc:"oldest first"`
	Waits         []TimelineWait  `json:"waits" doc:"what it waited for, in order"`
	Timers        []TimelineTimer `json:"timers" doc:"pending, soonest first"`
	Position      int64           `json:"position"`
	Truncated     bool            `json:"truncated" doc:"so much has happened to its SKUs since it was placed that some events of stocks may be missing"`
}

// TimelineEntry is one event.
type TimelineEntry struct {
	Position   int64           `json:"position"`
	At         *time.Time      `json:"at"`
	Stream     string          `json:"stream"`
	Type       string          `json:"type"`
	Text       string          `json:"text" doc:"a sentence for people"`
	Data       json.RawMessage `json:"data"`
	Published  map[string]bool `json:"published" doc:"by transport: has its relay sent it?"`
	Deliveries []Handled       `json:"deliveries" doc:"what every consumer made of it, and when"`
}

// TimelineWait is a time in which the order waited for one thing.
type TimelineWait struct {
	For   string     `json:"for" enum:"order,stock,payment,shipment,delivery,refund"`
	Since *time.Time `json:"since"`
	Until *time.Time `json:"until" doc:"null: it still does"`
}

// TimelineTimer is a timer that has not fired.
type TimelineTimer struct {
	Timer   string     `json:"timer" enum:"payment,retry,confirm,unmatched"`
	Ref     string     `json:"ref" doc:"of the request, refund or capture that it is about"`
	Attempt int64      `json:"attempt"`
	DueAt   *time.Time `json:"due_at"`
	Text    string     `json:"text" doc:"what happens then"`
}
