package v1

import "time"

// List is a page of a list, and the cursor of the next page: null on the last one.
type List[T any] struct {
	Items      []T      `json:"items"`
	NextCursor *string  `json:"next_cursor" doc:"pass it as cursor to get the next page; null: there is none"`
	Parked     []string `json:"parked,omitempty" doc:"ids of items here that may be old, because an event of theirs could not be followed; reading one alone is refused as projection-parked"`
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
	Carrier    string         `json:"carrier" doc:"empty: not told"`
	Tracking   string         `json:"tracking" doc:"the carrier's number for it; empty: not told"`
	Delivered  bool           `json:"delivered" doc:"it has arrived"`
}

// ShipmentLine is what a parcel holds of one line.
type ShipmentLine struct {
	LineID   string `json:"line_id" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
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
	Reviews            []Review        `json:"reviews" doc:"open questions for a person"`
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
	Status      string     `json:"status" enum:"open,paid,failed,closed"`
}

// Capture is money that arrived.
type Capture struct {
	CaptureID    string     `json:"capture_id"`
	AmountMinor  int64      `json:"amount_minor"`
	Currency     string     `json:"currency"`
	AppliedMinor int64      `json:"applied_minor" doc:"counted towards the order"`
	ExcessMinor  int64      `json:"excess_minor" doc:"above what was due"`
	Outcome      string     `json:"outcome" enum:"received,unmatched,applied,refunding,refunded,reassigned" doc:"received: here, and not counted for the order: the checkout decides about it next, or a review decided that it stays (its refund is kept). unmatched: the same of money that came without an order"`
	ToOrderID    string     `json:"to_order_id,omitempty" doc:"whose account it is on now, if it was reassigned; it is in no sum here"`
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
	Status      string `json:"status" enum:"requested,refunded,failed,kept" doc:"failed: it may be tried again; kept: a review decided that the money stays"`
	Attempts    int64  `json:"attempts"`
}

// Review is a question for a person, about money on the account that it stands on.
type Review struct {
	ReviewID    string `json:"review_id"`
	Reason      string `json:"reason" enum:"conflicting_duplicate,refund_failed,refund_unconfirmed,refund_reversed,unrequested_refund"`
	CaptureID   string `json:"capture_id" doc:"which money it is about; empty: none"`
	RefundID    string `json:"refund_id" doc:"which refund it is about; empty: none"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Code        string `json:"code" doc:"what a provider or an operator gave as the reason"`
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
	Stock
}

// StockAdjusted answers POST /v1/inventory/{sku}/adjustments: the stock as it was decided.
type StockAdjusted struct {
	AdjustmentID string `json:"adjustment_id"`
	Stock
}

// Stock is what a command left of one SKU.
type Stock struct {
	SKU         string `json:"sku"`
	OnHand      int64  `json:"on_hand"`
	Reserved    int64  `json:"reserved"`
	Allocated   int64  `json:"allocated"`
	Available   int64  `json:"available"`
	SafetyStock int64  `json:"safety_stock"`
	Low         bool   `json:"low"`
}

// Product is an entry of the catalogue. The answer to a command has no version and no position: its headers tell.
type Product struct {
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	PriceMinor int64  `json:"price_minor"`
	Currency   string `json:"currency"`
	// Discontinued products can be seen and renamed, not ordered.
	Discontinued bool  `json:"discontinued" doc:"nobody can order it any more; orders that are there go on"`
	Version      int64 `json:"version,omitempty"`
	Position     int64 `json:"position,omitempty"`
}

// ProductRegistered answers POST /v1/products.
type ProductRegistered struct {
	Product
	SafetyStock       int64 `json:"safety_stock"`
	LowStockThreshold int64 `json:"low_stock_threshold"`
}
