package v1

import (
	"encoding/json"
	"time"
)

// List is a page of a list, and the cursor of the next page: null on the last one.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" doc:"pass it as cursor to get the next page; null: there is none"`
}

// Order is an order as the read model shows it. The answer to a command has no version and no position: its headers tell.
type Order struct {
	OrderID            string      `json:"order_id"`
	Status             string      `json:"status" enum:"placed,awaiting_payment,confirmed,completed,rejected,cancelled,expired"`
	PaymentStatus      string      `json:"payment_status" enum:"unmatched,voided,paid,failed,requested,none,overpaid,partially_paid,refund_pending,refunded,partially_refunded"`
	FulfillmentStatus  string      `json:"fulfillment_status" enum:"unfulfilled,partially_shipped,shipped,delivered"`
	NeedsReview        bool        `json:"needs_review" doc:"somebody has to look at it"`
	WaitingFor         string      `json:"waiting_for" doc:"what the order waits for; empty: nothing"`
	Reason             string      `json:"reason" doc:"why it ended, as a code; empty while it lives"`
	Shortages          []Shortage  `json:"shortages" doc:"what was not in stock, if that is why"`
	CustomerRef        string      `json:"customer_ref"`
	Currency           string      `json:"currency"`
	GrandTotalMinor    int64       `json:"grand_total_minor"`
	CapturedMinor      int64       `json:"captured_minor" doc:"money that arrived in the order's currency"`
	RefundedMinor      int64       `json:"refunded_minor"`
	RefundPendingMinor int64       `json:"refund_pending_minor"`
	OutstandingMinor   int64       `json:"outstanding_minor" doc:"what is still to be paid"`
	PayBy              *time.Time  `json:"pay_by"`
	Lines              []OrderLine `json:"lines"`
	Shipments          []Shipment  `json:"shipments"`
	PlacedAt           *time.Time  `json:"placed_at"`
	UpdatedAt          *time.Time  `json:"updated_at"`
	Version            int64       `json:"version,omitempty" doc:"of the order's own stream"`
	Position           int64       `json:"position,omitempty" doc:"of the last event shown here"`
}

// OrderLine is one product of an order.
type OrderLine struct {
	LineID          string `json:"line_id"`
	SKU             string `json:"sku"`
	Name            string `json:"name"`
	Quantity        int64  `json:"quantity"`
	ShippedQuantity int64  `json:"shipped_quantity"`
	UnitPriceMinor  int64  `json:"unit_price_minor"`
	TotalMinor      int64  `json:"total_minor"`
}

// Shortage is a product of which there was too little.
type Shortage struct {
	SKU       string `json:"sku"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// Shipment is a parcel that left.
type Shipment struct {
	ShipmentID string         `json:"shipment_id"`
	Lines      []ShipmentLine `json:"lines"`
}

// ShipmentLine is what a parcel holds of one line.
type ShipmentLine struct {
	LineID   string `json:"line_id"`
	Quantity int64  `json:"quantity"`
}

// Account is an order's payment account; also of an order that nobody knows, if money arrived for it.
type Account struct {
	OrderID            string          `json:"order_id"`
	Currency           string          `json:"currency"`
	DueMinor           int64           `json:"due_minor"`
	CapturedMinor      int64           `json:"captured_minor"`
	RefundedMinor      int64           `json:"refunded_minor"`
	RefundPendingMinor int64           `json:"refund_pending_minor"`
	BalanceMinor       int64           `json:"balance_minor" doc:"captured minus refunded"`
	PaymentStatus      string          `json:"payment_status"`
	Request            *PaymentRequest `json:"request" doc:"the last request for payment; null if there was none"`
	Captures           []Capture       `json:"captures"`
	Refunds            []Refund        `json:"refunds"`
	Version            int64           `json:"version"`
	Position           int64           `json:"position"`
}

// PaymentRequest is what the shop asked its customer for.
type PaymentRequest struct {
	RequestID   string     `json:"request_id"`
	Attempt     int64      `json:"attempt"`
	AmountMinor int64      `json:"amount_minor"`
	Currency    string     `json:"currency"`
	ExpiresAt   *time.Time `json:"expires_at"`
	Status      string     `json:"status" enum:"open,closed,failed"`
}

// Capture is money that arrived.
type Capture struct {
	CaptureID    string     `json:"capture_id"`
	AmountMinor  int64      `json:"amount_minor"`
	Currency     string     `json:"currency"`
	AppliedMinor int64      `json:"applied_minor" doc:"counted towards the order"`
	ExcessMinor  int64      `json:"excess_minor" doc:"above what was due"`
	Outcome      string     `json:"outcome" enum:"received,unmatched,applied,refunding,refunded"`
	ReceivedAt   *time.Time `json:"received_at"`
}

// Refund is money that goes back.
type Refund struct {
	RefundID    string `json:"refund_id"`
	CaptureID   string `json:"capture_id"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Reason      string `json:"reason"`
	Code        string `json:"code,omitempty" doc:"the operator's reason, if the reason is operator"`
	Status      string `json:"status" enum:"requested,refunded,failed"`
	Attempts    int64  `json:"attempts"`
}

// PaymentRecorded answers POST /v1/orders/{id}/payments.
type PaymentRecorded struct {
	CaptureID   string `json:"capture_id" doc:"empty if a conflicting duplicate went into review"`
	OrderID     string `json:"order_id"`
	Outcome     string `json:"outcome" enum:"applied,unmatched,duplicate,review" doc:"as the decision saw it"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}

// Item is the stock of one SKU.
type Item struct {
	SKU         string `json:"sku"`
	Name        string `json:"name"`
	OnHand      int64  `json:"on_hand"`
	Reserved    int64  `json:"reserved" doc:"held for orders that are not paid, until they expire"`
	Allocated   int64  `json:"allocated" doc:"paid, not yet shipped"`
	Available   int64  `json:"available" doc:"what can be sold"`
	SafetyStock int64  `json:"safety_stock"`
	Low         bool   `json:"low"`
	Version     int64  `json:"version" doc:"of the stock's stream"`
	Position    int64  `json:"position" doc:"of the last event shown here"`
}

// StockReceived answers POST /v1/inventory/{sku}/receipts: the stock as it was decided.
type StockReceived struct {
	StockReceiptID string `json:"stock_receipt_id"`
	SKU            string `json:"sku"`
	OnHand         int64  `json:"on_hand"`
	Reserved       int64  `json:"reserved"`
	Allocated      int64  `json:"allocated"`
	Available      int64  `json:"available"`
	SafetyStock    int64  `json:"safety_stock"`
	Low            bool   `json:"low"`
}

// Product is an entry of the catalogue. The answer to a command has no version and no position: its headers tell.
type Product struct {
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	PriceMinor int64  `json:"price_minor"`
	Currency   string `json:"currency"`
	Version    int64  `json:"version,omitempty"`
	Position   int64  `json:"position,omitempty"`
}

// ProductRegistered answers POST /v1/products.
type ProductRegistered struct {
	Product
	SafetyStock       int64 `json:"safety_stock"`
	LowStockThreshold int64 `json:"low_stock_threshold"`
}

// MessageAccepted answers POST /v1/messages.
type MessageAccepted struct {
	MessageID string          `json:"message_id"`
	Status    string          `json:"status" enum:"processed,duplicate,received"`
	Result    json.RawMessage `json:"result" doc:"what was decided; depends on the event type"`
}

// Message is a letter and what became of it.
type Message struct {
	MessageID  string          `json:"message_id" doc:"ours, one per arrival"`
	EventType  string          `json:"event_type"`
	Status     string          `json:"status" enum:"received,processed,duplicate,failed"`
	Source     string          `json:"source" doc:"how it came: http, amqp, redis"`
	SenderID   string          `json:"sender_id" doc:"the sender's own id, if it gave one"`
	ReceivedAt *time.Time      `json:"received_at"`
	Result     json.RawMessage `json:"result" doc:"what was decided; null if nothing was"`
	Problem    json.RawMessage `json:"problem,omitempty" doc:"why it failed"`
	Events     []TrackedEvent  `json:"events" doc:"the events its own command wrote"`
}

// TrackedEvent is an event with its way through the shop.
type TrackedEvent struct {
	Position  int64           `json:"position"`
	Stream    string          `json:"stream"`
	Type      string          `json:"type"`
	Published map[string]bool `json:"published" doc:"by transport: has its relay sent it?"`
	Handled   []Handled       `json:"handled" doc:"every consumer"`
}

// Handled is what one consumer made of an event.
type Handled struct {
	Consumer string     `json:"consumer"`
	Status   string     `json:"status" enum:"handled,pending,parked"`
	Attempts int64      `json:"attempts"`
	At       *time.Time `json:"at,omitempty" doc:"known for some days"`
	Error    string     `json:"error,omitempty"`
}

// Event is a record of the log.
type Event struct {
	Position      int64           `json:"position" doc:"place in the whole log"`
	Stream        string          `json:"stream"`
	Version       int64           `json:"version" doc:"place in its stream"`
	EventID       string          `json:"event_id"`
	Type          string          `json:"type"`
	SchemaVersion int64           `json:"schema_version"`
	Data          json.RawMessage `json:"data"`
	Metadata      json.RawMessage `json:"metadata"`
	RecordedAt    time.Time       `json:"recorded_at"`
}

// Events is a page of the log. Go on with after=next_after; it moves on even when no event matched.
type Events struct {
	Items     []Event `json:"items"`
	NextAfter int64   `json:"next_after"`
}

// Mail is a mail that dev keeps instead of sending it.
type Mail struct {
	MessageID string     `json:"message_id"`
	OrderID   string     `json:"order_id"`
	To        string     `json:"to" doc:"empty while no contact is known"`
	Subject   string     `json:"subject"`
	Text      string     `json:"text"`
	SentAt    *time.Time `json:"sent_at"`
}

// Projection is a read model and how far it has come.
type Projection struct {
	Name       string `json:"name"`
	Generation int64  `json:"generation" doc:"the one that queries read"`
	Position   int64  `json:"position"`
	Lag        int64  `json:"lag" doc:"events it is behind the log"`
	Parked     int64  `json:"parked" doc:"keys that could not be folded"`
	Status     string `json:"status" enum:"building,live,rebuilding,stopped"`
	Error      string `json:"error,omitempty"`
}

// Rebuild is the last rebuild of a read model.
type Rebuild struct {
	Name        string     `json:"name"`
	Generation  int64      `json:"generation" doc:"the one that is being filled"`
	Status      string     `json:"status" enum:"running,done,failed,cancelled"`
	EventsDone  int64      `json:"events_done"`
	EventsTotal int64      `json:"events_total" doc:"the log's length when it began"`
	StartedAt   *time.Time `json:"started_at"`
	FinishedAt  *time.Time `json:"finished_at"`
	Error       string     `json:"error,omitempty" doc:"why it failed; while it runs, what it last stumbled over"`
}

// Verification compares a read model with a fold of the log.
type Verification struct {
	Name        string       `json:"name"`
	OK          bool         `json:"ok" doc:"no differences"`
	Generation  int64        `json:"generation"`
	Position    int64        `json:"position" doc:"both were compared here"`
	Rows        int64        `json:"rows" doc:"how many were compared"`
	Parked      int64        `json:"parked" doc:"keys that are parked and so not compared"`
	Count       int64        `json:"count" doc:"of all differences"`
	Differences []Difference `json:"differences" doc:"the first hundred"`
}

// Difference is one column of one row that is not what the log says.
type Difference struct {
	Key    string `json:"key"`
	Column string `json:"column"`
	Live   string `json:"live" doc:"what the row says; empty: nothing there"`
	Folded string `json:"folded" doc:"what the log says"`
}

// Consumer is a reader of the log and how far it has come.
type Consumer struct {
	Name        string     `json:"name"`
	Kind        string     `json:"kind" enum:"projector,reactor"`
	Checkpoint  int64      `json:"checkpoint" doc:"everything up to this position is behind it"`
	Owner       string     `json:"owner" doc:"the process that runs it; empty: nobody"`
	Epoch       int64      `json:"epoch"`
	Parked      int64      `json:"parked" doc:"keys it could not handle"`
	LeaseUntil  *time.Time `json:"lease_until"`
	HeartbeatAt *time.Time `json:"heartbeat_at"`
}

// Health answers /livez and /readyz.
type Health struct {
	Status string `json:"status"`
}
