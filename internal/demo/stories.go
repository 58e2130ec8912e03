package demo

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/app/simulator"
)

// What the stories are about: its price is 14.95.
const (
	kite      = "KITE"
	kitePrice = 1495
)

var oneKite = v1.PlaceItem{SKU: kite, Quantity: 1}

// Stories are the twenty orders of the demonstration. Together they show what can happen to an order.
var Stories = []Story{
	{"paid at once", simulator.Pays, buy, is("confirmed", "paid", 0)},
	{"paid before it was ordered", simulator.Never, payFirst, is("confirmed", "paid", 0)},
	{"paid twice", simulator.PaysTwice, buy, is("confirmed", "paid", kitePrice)},
	{"paid too much", simulator.PaysTooMuch, buy, is("confirmed", "paid", 500)},
	{"paid too little", simulator.PaysTooLow, buy, is("expired", "refunded", kitePrice/2)},
	{"paid in another currency", simulator.PaysForeign, buy, is("expired", "voided", kitePrice)},
	{"paid too late", simulator.PaysLate, buy, is("expired", "refunded", kitePrice)},
	{"never paid", simulator.Never, buy, is("expired", "voided", 0)},
	{"card declined", simulator.Declines, buy, is("expired", "voided", 0)},
	{"paid at the third attempt", simulator.Retries, buy, is("confirmed", "paid", 0)},
	{"declined three times", simulator.Exhausts, buy, is("expired", "voided", 0)},
	{"refund fails twice", simulator.RefundFails + "2", buy, is("confirmed", "paid", 500)},
	{"refund keeps failing", simulator.RefundStuck, buy, inReview("refund_failed")},
	{"nobody answers for the refund", simulator.RefundSilent, buy, inReview("refund_unconfirmed")},
	{"one payment with two amounts", simulator.Never, contradict, inReview("conflicting_duplicate")},
	{"out of stock", simulator.Pays, buyTooMany, is("rejected", "voided", 0)},
	{"something unheard of", simulator.Pays, buyUnicorn, is("rejected", "voided", 0)},
	{"cancelled after it was paid", simulator.Pays, cancel, is("cancelled", "refunded", kitePrice)},
	{"shipped in two parcels, one kite damaged", simulator.Pays, ship, is("completed", "partially_refunded", 300)},
	{"money without an order", simulator.Never, payOnly, is("", "unmatched", kitePrice)},
}

// is wants an order's status, its payment's, and how much was sent back in all, in minor units.
func is(status, payment string, refunded int64) func(v1.Order, v1.Account) bool {
	return func(o v1.Order, account v1.Account) bool {
		return o.Status == status && account.PaymentStatus == payment &&
			refundedMinor(account, "refunded") == refunded && refundedMinor(account, "requested")+refundedMinor(account, "failed") == 0
	}
}

// inReview wants a confirmed order about which somebody has to decide, for one reason.
func inReview(reason string) func(v1.Order, v1.Account) bool {
	return func(o v1.Order, account v1.Account) bool {
		return o.Status == "confirmed" && o.NeedsReview && len(account.Reviews) == 1 && account.Reviews[0].Reason == reason
	}
}

func buy(ctx context.Context, t *teller) error { return t.place(ctx, oneKite) }

func payFirst(ctx context.Context, t *teller) error {
	if err := t.pay(ctx, "early-"+t.orderID, kitePrice); err != nil {
		return err
	}
	return t.place(ctx, oneKite)
}

func payOnly(ctx context.Context, t *teller) error { return t.pay(ctx, "lost-"+t.orderID, kitePrice) }

// contradict pays, and tells of the same payment again with another amount.
func contradict(ctx context.Context, t *teller) error {
	if err := t.place(ctx, oneKite); err != nil {
		return err
	}
	if err := t.pay(ctx, "pay-"+t.orderID, kitePrice); err != nil {
		return err
	}
	return t.pay(ctx, "pay-"+t.orderID, 2*kitePrice)
}

func buyTooMany(ctx context.Context, t *teller) error {
	return t.place(ctx, v1.PlaceItem{SKU: kite, Quantity: 1_000_000})
}

// buyUnicorn sends a letter: over REST the order would be refused, and there would be none.
func buyUnicorn(ctx context.Context, t *teller) error {
	_, err := t.Send(ctx, fmt.Appendf(nil, `{"event_type":"order.created","payload":{"order_id":%q,"items":[{"name":"Unicorn","quantity":1}]}}`, t.orderID))
	return err
}

func cancel(ctx context.Context, t *teller) error {
	if err := t.place(ctx, oneKite); err != nil {
		return err
	}
	if err := t.confirmed(ctx); err != nil {
		return err
	}
	_, err := t.CancelOrder(ctx, t.orderID, v1.CancelOrder{Reason: "changed_mind"})
	return err
}

// ship sends two kites in a parcel each, and refunds a part of one.
func ship(ctx context.Context, t *teller) error {
	if err := t.place(ctx, v1.PlaceItem{SKU: kite, Quantity: 2}); err != nil {
		return err
	}
	if err := t.confirmed(ctx); err != nil {
		return err
	}
	for range 2 {
		parcel, err := t.ShipOrder(ctx, t.orderID, v1.ShipOrder{Lines: []v1.ShipmentLine{{LineID: "1", Quantity: 1}}, Carrier: "acme"})
		if err != nil {
			return err
		}
		if _, err := t.DeliverShipment(ctx, t.orderID, parcel.Body.ShipmentID); err != nil {
			return err
		}
	}
	_, err := t.RefundOrder(ctx, t.orderID, v1.RefundOrder{AmountMinor: 300, Reason: "damaged"}, client.Key(uuid.NewString()))
	return err
}

// Order places one more order that is paid at once: what a load is made of.
func Order(ctx context.Context, server *client.Client, run string, number int) (orderID string, err error) {
	t := &teller{server, fmt.Sprintf("demo-%s-%s-%d", simulator.Pays, run, number+1)}
	return t.orderID, t.place(ctx, oneKite)
}
