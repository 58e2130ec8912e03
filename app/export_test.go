package app

import (
	"context"
	"reflect"
)

// LookAt makes a decision depend on a product.
func LookAt(d *Decision, sku string) { products.state(d, sku) }

// Receive has a decision book stock.
func Receive(d *Decision, sku string, quantity int64) (StockReceived, error) {
	return receive(d, ReceiveStock{SKU: sku, Quantity: quantity, StockReceiptID: d.NewID(sku)})
}

// FireDue fires what is due now.
func (t *Timers) FireDue(ctx context.Context) error { return t.fireDue(ctx) }

// LetterMembers are the members that a letter's payload is read for: nil, or the members of each of its items.
func LetterMembers(letter string) map[string]any {
	payloads := map[string]any{
		letterOrderCreated: orderCreated{}, letterPaymentCompleted: paymentCompleted{}, letterPaymentFailed: paymentFailed{},
		letterPaymentRefunded: refundAnswered{}, letterRefundFailed: refundAnswered{},
	}
	return members(reflect.TypeOf(payloads[letter]))
}

func members(t reflect.Type) map[string]any {
	all := map[string]any{}
	for field := range t.Fields() {
		all[field.Tag.Get("json")] = nil
		if field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct {
			all[field.Tag.Get("json")] = members(field.Type.Elem())
		}
	}
	return all
}
