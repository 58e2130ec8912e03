// Package products is the catalogue as queries see it: one row per SKU. Deciding prices and names is package domain/product's.
package products

import (
	_ "embed"

	"ordermill/domain/product"
	"ordermill/projections"
)

//go:embed schema.sql
var schema string

// Row is one product.
type Row struct {
	Product  product.State `json:"product"`
	Version  int64         `json:"version"`  // of its stream
	Position int64         `json:"position"` // of the last event shown
}

// from is what a row is folded from.
var from = projections.Categories{product.Category}

// Projection keys products by SKU, and lists them by it.
var Projection = projections.Projection[Row]{
	Name:    "products",
	Version: 2,
	Schema:  schema,
	Keys:    from.Keys,
	Streams: from.Streams,
	Fold:    fold,
}

func fold(row Row, event projections.Event) Row {
	if fact, ok := event.Fact.(product.Event); ok {
		row.Product = product.Decider.Evolve(row.Product, fact)
	}
	row.Version, row.Position = event.Version, event.Position
	return row
}
