// Package demo is the toy shop that a learner finds after the first start.
package demo

import (
	"context"

	"ordermill/app"
)

// catalogue is what the toy shop sells. The Teddy Bear is the tutorial's: at this price its two letters settle an order exactly.
var catalogue = []app.Stocked{
	toy("TEDDY-BEAR", "Teddy Bear", 2999, 100),
	toy("TOY-TRAIN", "Toy Train", 4950, 40),
	toy("KITE", "Kite", 1495, 25),
	toy("PUZZLE-500", "Puzzle, 500 pieces", 1999, 60),
	toy("SPINNING-TOP", "Spinning Top", 799, 3),
}

func toy(sku, name string, priceMinor, quantity int64) app.Stocked {
	return app.Stocked{RegisterProduct: app.RegisterProduct{SKU: sku, Name: name, PriceMinor: priceMinor, Currency: "USD", LowStockThreshold: 2}, Quantity: quantity}
}

// Seed writes the catalogue and its stock in one append, if the log is empty; once, also when several copies start together.
func Seed(ctx context.Context, desk *app.Desk) error {
	return desk.OpenCatalogue(ctx, "demo", catalogue)
}
