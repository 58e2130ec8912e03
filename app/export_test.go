package app

import "context"

// LookAt makes a decision depend on a product.
func LookAt(d *Decision, sku string) { products.state(d, sku) }

// Receive has a decision book stock.
func Receive(d *Decision, sku string, quantity int64) (StockReceived, error) {
	return receive(d, ReceiveStock{SKU: sku, Quantity: quantity, StockReceiptID: d.NewID(sku)})
}

// FireDue fires what is due now.
func (t *Timers) FireDue(ctx context.Context) error { return t.fireDue(ctx) }
