// Package orders is the orders as queries see them, with their payment and what their checkout waits for: one row per order
// id. Money that nobody placed an order for is folded here too, in case the order comes, but only package payments shows it.
package orders

import (
	_ "embed"

	"ordermill/domain/checkout"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/projections"
)

//go:embed schema.sql
var schema string

// Row is one order.
type Row struct {
	OrderID   string         `json:"order_id"`
	Order     order.State    `json:"order"`
	Account   payment.State  `json:"account"`
	Memory    checkout.State `json:"memory"`
	PlacedAt  int64          `json:"placed_at"`  // when its first event was recorded, ms since 1970; 0 while there is no order
	UpdatedAt int64          `json:"updated_at"` // when the last event of its streams was recorded
	Version   int64          `json:"version"`    // of the order's stream
	Position  int64          `json:"position"`   // of the last event of its streams
}

// from is what a row is folded from.
var from = projections.Categories{order.Category, payment.Category, checkout.Category}

// Projection keys orders by id, and lists the newest first.
var Projection = projections.Projection[Row]{
	Name:    "orders",
	Version: 2,
	Schema:  schema,
	Keys:    from.Keys,
	Streams: from.Streams,
	Fold:    fold,
	Shown:   func(row Row) bool { return row.Order.Exists() },
	Columns: []projections.Column[Row]{
		{Name: PlacedAt, Value: func(row Row) any { return row.PlacedAt }},
		{Name: Status, Value: func(row Row) any { return row.Order.Status }},
		{Name: PaymentStatus, Value: func(row Row) any { return checkout.PaymentStatus(row.Order, row.Account) }},
		{Name: CustomerRef, Value: func(row Row) any { return row.Order.CustomerRef }},
		{Name: SKUs, Value: func(row Row) any { return projections.Listed(skus(row.Order)) }},
	},
	Order: projections.Order{Column: PlacedAt, Descending: true},
}

// Names of the columns, for conditions.
const (
	PlacedAt      = "placed_at" // ms since 1970
	Status        = "status"
	PaymentStatus = "payment_status"
	CustomerRef   = "customer_ref"
	SKUs          = "skus" // of the lines; it Holds each
)

func skus(o order.State) []string {
	all := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		all[i] = l.SKU
	}
	return all
}

func fold(row Row, event projections.Event) Row {
	at := event.RecordedAt.UnixMilli()
	switch fact := event.Fact.(type) {
	case order.Event:
		if row.Version == 0 {
			row.PlacedAt = at
		}
		row.Order = order.Decider.Evolve(row.Order, fact)
		row.Version = event.Version
	case payment.Event:
		row.Account = payment.Decider.Evolve(row.Account, fact)
	case checkout.Event:
		row.Memory = checkout.Evolve(row.Memory, fact)
	}
	row.OrderID, row.UpdatedAt, row.Position = event.StreamID(), at, event.Position
	return row
}
