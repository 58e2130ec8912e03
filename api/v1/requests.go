package v1

import "encoding/json"

// Letter is the body of POST /v1/messages: a fact or a wish from outside, as brokers carry it too. Beside the tutorial's two
// keys it may have the attributes of CloudEvents 1.0. What a payload may hold depends on the event type.
type Letter struct {
	EventType string          `json:"event_type" doc:"order.created, payment.completed, payment.failed, payment.refunded or payment.refund_failed" example:"order.created"`
	Payload   json.RawMessage `json:"payload" doc:"an object; keys we do not know are ignored"`
	ID        string          `json:"id,omitempty" doc:"the sender's own id; identifies money that carries no better id"`
	EventID   string          `json:"event_id,omitempty" doc:"another common name for id"`

	SpecVersion     string          `json:"specversion,omitempty"`
	Source          string          `json:"source,omitempty"`
	Type            string          `json:"type,omitempty"`
	Subject         string          `json:"subject,omitempty"`
	Time            string          `json:"time,omitempty"`
	DataContentType string          `json:"datacontenttype,omitempty"`
	DataSchema      string          `json:"dataschema,omitempty"`
	Data            json.RawMessage `json:"data,omitempty"`
	Traceparent     string          `json:"traceparent,omitempty"`
	Tracestate      string          `json:"tracestate,omitempty"`
	CorrelationID   string          `json:"correlationid,omitempty"`
	CausationID     string          `json:"causationid,omitempty"`
}

// RegisterProduct is the body of POST /v1/products.
type RegisterProduct struct {
	SKU               string `json:"sku" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
	Name              string `json:"name" minLength:"1" maxLength:"200" doc:"unique, whatever its case and spacing"`
	PriceMinor        int64  `json:"price_minor" minimum:"0" maximum:"9007199254740991"`
	Currency          string `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217"`
	SafetyStock       int64  `json:"safety_stock,omitempty" minimum:"0" maximum:"1000000" doc:"units that are never sold"`
	LowStockThreshold int64  `json:"low_stock_threshold,omitempty" minimum:"0" maximum:"1000000" doc:"low is reported at or below this many available"`
}

// ChangePrice is the body of POST /v1/products/{sku}/price. The currency stays.
type ChangePrice struct {
	PriceMinor int64 `json:"price_minor" minimum:"0" maximum:"9007199254740991" doc:"for the orders to come"`
}

// RenameProduct is the body of POST /v1/products/{sku}/rename.
type RenameProduct struct {
	Name string `json:"name" minLength:"1" maxLength:"200" doc:"unique, whatever its case and spacing; the old one is free again"`
}

// AdjustStock is the body of POST /v1/inventory/{sku}/adjustments.
type AdjustStock struct {
	Delta  int64  `json:"delta" minimum:"-1000000" maximum:"1000000" doc:"added to the stock on hand; not 0"`
	Reason string `json:"reason" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"a code of yours"`
}

// ReceiveStock is the body of POST /v1/inventory/{sku}/receipts.
type ReceiveStock struct {
	Quantity       int64  `json:"quantity" minimum:"1" maximum:"1000000"`
	StockReceiptID string `json:"stock_receipt_id,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"made by us if it is missing"`
}

// PlaceOrder is the body of POST /v1/orders.
type PlaceOrder struct {
	OrderID     string      `json:"order_id,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"made by us if it is missing"`
	Currency    string      `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"checked against the catalogue's, never converted"`
	CustomerRef string      `json:"customer_ref,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"your own id of the customer; no name, no address"`
	Items       []PlaceItem `json:"items" minItems:"1" maxItems:"200"`
}

// PlaceItem is one line as it is asked for: by sku or by name. Lines of the same product are merged.
type PlaceItem struct {
	SKU                    string `json:"sku,omitempty" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"sku or name is required"`
	Name                   string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Quantity               int64  `json:"quantity" minimum:"1" maximum:"1000000"`
	ExpectedUnitPriceMinor *int64 `json:"expected_unit_price_minor,omitempty" minimum:"0" maximum:"9007199254740991" doc:"checked against the catalogue, never trusted"`
}

// RecordPayment is the body of POST /v1/orders/{id}/payments: money that has arrived. It is never refused for what it is.
type RecordPayment struct {
	PaymentID   string `json:"payment_id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"identifies the money, store-wide"`
	AmountMinor int64  `json:"amount_minor" minimum:"1" maximum:"9007199254740991"`
	Currency    string `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"the order's if it is missing, else the store's"`
}
