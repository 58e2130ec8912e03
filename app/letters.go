package app

import (
	"cmp"
	"context"
	"encoding/json"

	"ordermill/domain/order"
	"ordermill/eventstore"
)

// MessageResult is what became of a letter.
type MessageResult struct {
	MessageID  string
	EventType  string
	Status     string // processed or duplicate
	OrderID    string
	ReceivedAt int64           // ms since 1970 UTC
	Result     json.RawMessage // of its command
}

// Message decides a letter that came over HTTP. A letter that is refused is answered, not kept.
func (d *Desk) Message(ctx context.Context, call Call, raw []byte) (Answer, error) {
	return d.letter(ctx, call, Letter{Source: "http", Body: raw})
}

// letter decides a letter from anywhere. Every one that is decided leaves a receipt under its own message id, also a duplicate.
func (d *Desk) letter(ctx context.Context, call Call, letter Letter) (Answer, error) {
	e, err := readEnvelope(letter.Body, letter.Source == "http")
	if err != nil {
		return Answer{}, err
	}
	var c decided
	switch e.EventType {
	case letterOrderCreated:
		c, err = d.orderLetter(e, letter)
	case letterPaymentCompleted:
		c, err = d.paymentLetter(e, letter)
	case letterPaymentFailed:
		c, err = d.failureLetter(e, letter)
	case letterPaymentRefunded:
		c, err = d.refundLetter(e, letter)
	case letterRefundFailed:
		c, err = d.refundFailedLetter(e, letter)
	}
	if err != nil {
		return Answer{}, err
	}
	id := arrivalID(letter)
	if e.Traceparent != nil && call.Traceparent == "" {
		call.Traceparent = *e.Traceparent
	}
	return d.do(ctx, call, Command{
		ID:       id,
		Meta:     eventstore.Metadata{CausationID: id.String(), CorrelationID: c.orderID},
		Receipts: []eventstore.Receipt{{Scope: messageScope, Key: id.String()}},
		Reads:    c.reads,
		Patient:  true,
		Decide: func(decision *Decision) (any, error) {
			m := MessageResult{MessageID: id.String(), EventType: e.EventType, Status: "processed", OrderID: c.orderID, ReceivedAt: millis(decision.Now)}
			result, duplicate, err := c.decide(decision)
			if err != nil {
				return nil, under("/payload", err)
			}
			if duplicate {
				m.Status = "duplicate"
			}
			if m.Result, err = json.Marshal(result); err != nil {
				return nil, err
			}
			kept, err := json.Marshal(storedMessage{
				EventType: m.EventType, Status: m.Status, Source: letter.Source, SenderID: senderID(e, letter), OrderID: m.OrderID,
				Result: m.Result, ReceivedAt: m.ReceivedAt, Events: int64(len(decision.events)),
			})
			decision.Respond(messageScope, kept)
			return m, err
		},
	})
}

// decided is a letter made into a decision.
type decided struct {
	orderID string
	reads   []Ref
	decide  func(*Decision) (result any, duplicate bool, err error)
}

// orderOutcome is the result of an order letter.
type orderOutcome struct {
	OrderID string `json:"order_id"`
	Outcome string `json:"outcome"` // placed, rejected or duplicate
	Reason  string `json:"reason,omitempty"`
}

// orderLetter makes order.created an order, or one that is rejected at the door: whoever sent the letter waits for no answer.
func (d *Desk) orderLetter(e envelope, letter Letter) (decided, error) {
	p, err := readPayload[orderCreated](e)
	if err != nil {
		return decided{}, err
	}
	orderID, err := requiredOrderID(p.OrderID)
	if err != nil {
		return decided{}, err
	}
	asked := make([]Item, len(p.Items))
	for i, item := range p.Items {
		asked[i] = Item{SKU: text(item.SKU), Name: text(item.Name)}
		if item.Quantity != nil {
			asked[i].Quantity = *item.Quantity
		}
	}
	place := order.Place{Letter: true, Source: letter.Source, CustomerRef: text(p.CustomerRef), Currency: text(p.Currency)}
	return decided{orderID, append(itemRefs(asked), orders.ref(orderID)), func(decision *Decision) (any, bool, error) {
		place.Items = offered(decision, asked)
		if err := expectPrices(place.Items, p.Items); err != nil {
			return nil, false, err
		}
		events, err := orders.decide(decision, orderID, place)
		if err != nil {
			return nil, false, err
		}
		o := orders.state(decision, orderID)
		switch {
		case len(events) == 0:
			return orderOutcome{orderID, "duplicate", ""}, true, nil
		case o.Status == order.StatusRejected:
			return orderOutcome{orderID, "rejected", o.Reason}, false, nil
		}
		return orderOutcome{orderID, "placed", ""}, false, nil
	}}, nil
}

// expectPrices reads the prices a letter expects, decimals of the product's currency.
func expectPrices(items []order.Item, asked []orderedItem) error {
	for i := range items {
		price := asked[i].ExpectedUnitPrice
		if price == nil || items[i].Product == nil {
			continue
		}
		minor, err := readAmount(price, items[i].Product.Currency, "/items/expected_unit_price")
		if err != nil {
			return err
		}
		items[i].ExpectedUnitPriceMinor = &minor
	}
	return nil
}

func requiredOrderID(id *string) (string, error) {
	if id == nil {
		return "", missing("/payload/order_id", "required", "the letter needs an order_id")
	}
	if !eventstore.ValidID(*id) {
		return "", missing("/payload/order_id", "bad-id", "1 to 64 letters, digits or any of . _ : -")
	}
	return *id, nil
}

// senderID is what the sender calls the letter. It is kept for people and decides nothing.
func senderID(e envelope, letter Letter) string {
	return cmp.Or(text(e.ID), text(e.EventID), letter.MessageID)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
