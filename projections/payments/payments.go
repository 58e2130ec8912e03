// Package payments is the payment accounts as queries see them: one row per order id that had an order or money, whether
// there is such an order or not. What becomes of money is decided in package domain/checkout.
package payments

import (
	_ "embed"

	"ordermill/domain/checkout"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/projections"
)

//go:embed schema.sql
var schema string

// Row is one account.
type Row struct {
	OrderID string        `json:"order_id"`
	Account payment.State `json:"account"`
	Order   order.State   `json:"order"` // what is due, and whether it still is; zero while nobody placed it
	// ReceivedAt tells when each capture was recorded, ms since 1970, by its id.
	ReceivedAt map[string]int64 `json:"received_at,omitempty"`
	OpenedAt   int64            `json:"opened_at"`  // when the first event of either stream was recorded, ms since 1970
	UpdatedAt  int64            `json:"updated_at"` // and the last
	Version    int64            `json:"version"`    // of the account's stream
	Position   int64            `json:"position"`   // of the last event of either stream
}

// from is what a row is folded from.
var from = projections.Categories{payment.Category, order.Category}

// Projection keys accounts by order id, and lists the newest first.
var Projection = projections.Projection[Row]{
	Name:    "payments",
	Version: 2,
	Schema:  schema,
	Keys:    from.Keys,
	Streams: from.Streams,
	Fold:    fold,
	Columns: []projections.Column[Row]{
		{Name: "opened_at", Value: func(row Row) any { return row.OpenedAt }},
		{Name: Status, Value: func(row Row) any { return checkout.PaymentStatus(row.Order, row.Account) }},
	},
	Order: projections.Order{Column: "opened_at", Descending: true},
}

// Status is the column with the account's payment_status, for conditions.
const Status = "status"

func fold(row Row, event projections.Event) Row {
	at := event.RecordedAt.UnixMilli()
	if row.Position == 0 {
		row.OpenedAt = at
	}
	switch fact := event.Fact.(type) {
	case payment.Event:
		row.Account = payment.Decider.Evolve(row.Account, fact)
		row.Version = event.Version
		if captured, ok := fact.(payment.Captured); ok {
			if row.ReceivedAt == nil {
				row.ReceivedAt = map[string]int64{}
			}
			row.ReceivedAt[captured.CaptureID] = at
		}
	case order.Event:
		row.Order = order.Decider.Evolve(row.Order, fact)
	}
	row.OrderID, row.UpdatedAt, row.Position = event.StreamID(), at, event.Position
	return row
}
