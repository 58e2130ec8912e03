// Package inventory is the stock as queries see it: one row per SKU, with its product's name. It keeps the sums; which order
// holds what, and until when, is for decisions and stays in the domain.
package inventory

import (
	_ "embed"

	"ordermill/domain/inventory"
	"ordermill/domain/product"
	"ordermill/projections"
)

//go:embed schema.sql
var schema string

// Row is the stock of one SKU.
type Row struct {
	Product  product.State   `json:"product"`  // for its name
	Item     inventory.State `json:"item"`     // for its sums, see lean
	Version  int64           `json:"version"`  // of the stock's stream
	Position int64           `json:"position"` // of the last event of either stream
}

// Available is what can be promised, as far as the log knows: an overdue hold counts until a decision on the SKU ends it.
// A read model has no clock.
func (r Row) Available() int64 { return r.Item.Available(0) }

// Low reports whether no more than the SKU's threshold is available.
func (r Row) Low() bool { return r.Item.Low(0) }

// from is what a row is folded from.
var from = projections.Categories{inventory.Category, product.Category}

// Projection keys stock by SKU, and lists it by it.
var Projection = projections.Projection[Row]{
	Name:    "inventory",
	Version: 2,
	Schema:  schema,
	Keys:    from.Keys,
	Streams: from.Streams,
	Fold:    fold,
	Shown:   func(row Row) bool { return row.Item.Exists() },
}

func fold(row Row, event projections.Event) Row {
	switch fact := event.Fact.(type) {
	case inventory.Event:
		row.Item = lean(inventory.Decider.Evolve(row.Item, fact), fact)
		row.Version = event.Version
	case product.Event:
		row.Product = product.Decider.Evolve(row.Product, fact)
	}
	row.Position = event.Position
	return row
}

// lean drops what no sum needs, so that the row of a popular SKU, which is written with every batch, stays short: receipts,
// expiries, and hard reservations. The domain takes the release of a reservation it does not have for one of a hard one.
func lean(s inventory.State, last inventory.Event) inventory.State {
	s.StockReceipts, s.Expiries = nil, nil
	if secured, ok := last.(inventory.ReservationSecured); ok {
		delete(s.Reservations, secured.OrderID)
	}
	return s
}
