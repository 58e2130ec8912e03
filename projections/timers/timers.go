// Package timers knows which timers of an order are pending, and when each is due: one row per order id. What a timer is, is
// said in domain/checkout; it follows from the order's streams, so these rows can be dropped and made again.
//
// It fires nothing. Whoever does looks at the heads of the streams, because these rows may be behind them.
package timers

import (
	"context"
	_ "embed"

	"ordermill/domain/checkout"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/projections"
)

//go:embed schema.sql
var schema string

// Row is what an order's deadlines follow from.
type Row struct {
	OrderID  string         `json:"order_id"`
	Order    order.State    `json:"order"` // without its lines, see lean
	Account  payment.State  `json:"account"`
	Memory   checkout.State `json:"memory"`
	Position int64          `json:"position"` // of the last event of its streams
}

// Pending are the row's timers that have not fired, soonest first.
func (r Row) Pending() []checkout.Pending { return checkout.Deadlines(r.Order, r.Account, r.Memory) }

// DueAt is when the soonest pending timer is due, ms since 1970; 0 when none is pending.
func (r Row) DueAt() int64 {
	if pending := r.Pending(); len(pending) > 0 {
		return pending[0].At
	}
	return 0
}

const dueAt = "due_at"

// from is what a row is folded from.
var from = projections.Categories{order.Category, payment.Category, checkout.Category}

// Projection keys timers by order id, and lists the soonest first.
var Projection = projections.Projection[Row]{
	Name:    "timers",
	Version: 2,
	Schema:  schema,
	Keys:    from.Keys,
	Streams: from.Streams,
	Fold:    fold,
	Shown:   func(row Row) bool { return len(row.Pending()) > 0 },
	Columns: []projections.Column[Row]{{Name: dueAt, Value: func(row Row) any { return row.DueAt() }}},
	Order:   projections.Order{Column: dueAt},
}

func fold(row Row, event projections.Event) Row {
	switch fact := event.Fact.(type) {
	case order.Event:
		row.Order = lean(order.Decider.Evolve(row.Order, fact))
	case payment.Event:
		row.Account = payment.Decider.Evolve(row.Account, fact)
	case checkout.Event:
		row.Memory = checkout.Evolve(row.Memory, fact)
	}
	row.OrderID, row.Position = event.StreamID(), event.Position
	return row
}

// lean drops what no deadline depends on, so that the row, which is written with each event of the order, stays short.
func lean(o order.State) order.State {
	o.Lines, o.Shortages, o.Shipments = nil, nil, nil
	return o
}

// Model is the read model.
type Model = projections.Model[Row]

// Due returns at most limit orders (1..projections.MaxLimit) that have a timer whose time has come by the database's clock,
// the longest due first, and that clock's time in ms since 1970; from the start (""), or from another page's next on. A row's
// pending timers may hold others that are not due yet.
func Due(ctx context.Context, m *Model, limit int, from string) (due []Row, next string, now int64, err error) {
	page, err := m.List(ctx, projections.Query{Limit: limit, Cursor: from, Where: []projections.Condition{{Column: dueAt, Is: projections.Past}}})
	return page.Rows, page.Next, page.Now, err
}
