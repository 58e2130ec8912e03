package app

import (
	"context"
	"reflect"
	"time"

	"ordermill/eventstore"
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

// Tireless makes the keeper of snapshots rest for no time.
func (s *Snapshots) Tireless() *Snapshots {
	s.rest = func(context.Context, time.Duration) {}
	return s
}

// Take takes a snapshot of a SKU's stock now.
func (s *Snapshots) Take(ctx context.Context, sku string) error { return s.take(ctx, items.ref(sku)) }

// Fold begins to take a snapshot of a SKU's stock; keep ends it.
func (s *Snapshots) Fold(ctx context.Context, sku string) (keep func() error, err error) {
	l, err := load(ctx, s.store, s, items.ref(sku))
	return func() error { return s.keep(ctx, items.ref(sku), l) }, err
}

// Useful reports the version of the snapshot with which a load of a SKU's stock begins; 0: it begins at the start.
func (s *Snapshots) Useful(ctx context.Context, sku string) (version int64, err error) {
	l, err := load(ctx, s.store, s, items.ref(sku))
	return l.from, err
}

// Forge changes a SKU's snapshot and gives it the checksum that it then ought to have.
func (s *Snapshots) Forge(ctx context.Context, sku string, change func(version *int64, eventID, logID, state *string)) error {
	r := snapshot{ref: items.ref(sku)}
	if err := s.db.Read.QueryRowContext(ctx, `SELECT version, event_id, log_id, state FROM snapshots WHERE stream = $1`, r.ref.stream).
		Scan(&r.version, &r.eventID, &r.logID, &r.state); err != nil {
		return err
	}
	change(&r.version, &r.eventID, &r.logID, &r.state)
	_, err := s.db.Write.ExecContext(ctx, `UPDATE snapshots SET version = $1, event_id = $2, log_id = $3, state = $4, checksum = $5 WHERE stream = $6`,
		r.version, r.eventID, r.logID, r.state, r.checksum(), r.ref.stream)
	return err
}

// Kept are the categories whose streams have snapshots, with the version of their states.
func Kept() map[string]int {
	return map[string]int{products.category: products.version, items.category: items.version}
}

// State is what a history of such a category folds to, as a snapshot has it; reread: it was written down and read at every event.
func State(category string, history []eventstore.Record, reread bool) ([]byte, error) {
	kinds := map[string]folder{products.category: products, items.category: items}
	var value any
	var text []byte
	for i := range history {
		next, err := kinds[category].fold(value, history[i:i+1])
		if err == nil {
			text, err = kinds[category].pack(next)
		}
		if value = next; err == nil && reread {
			value, err = kinds[category].unpack(text)
		}
		if err != nil {
			return nil, err
		}
	}
	return text, nil
}
