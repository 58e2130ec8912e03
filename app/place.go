package app

import (
	"context"

	"github.com/google/uuid"

	"ordermill/domain/checkout"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
	"ordermill/eventstore"
)

// PlaceOrder asks for an order over REST.
type PlaceOrder struct {
	OrderID     string // "" lets us choose one
	Currency    string // ISO 4217, "" takes the products'
	CustomerRef string
	Items       []Item
}

// Item is one line of an order as asked: by SKU, or by name.
type Item struct {
	SKU, Name              string
	Quantity               int64
	ExpectedUnitPriceMinor *int64 // what the customer saw; checked, never trusted
}

// OrderNow is an order, its account and its checkout as a command leaves them.
type OrderNow struct {
	OrderID   string
	PlacedAt  int64 // ms since 1970 UTC
	UpdatedAt int64 // likewise, of the last event of its streams
	Order     order.State
	Account   payment.State
	Memory    checkout.State
}

func orderNow(d *Decision, orderID string) OrderNow {
	o, account, memory := orders.look(d, orderID), accounts.look(d, orderID), checkouts.look(d, orderID)
	return OrderNow{OrderID: orderID, PlacedAt: o.First, UpdatedAt: max(o.Last, account.Last, memory.Last),
		Order: o.State, Account: account.State, Memory: memory.State}
}

// OrderPlaced is an order after the command, which may have found it there.
type OrderPlaced struct {
	OrderNow
	New bool // this command placed it
}

// PlaceOrder places an order, or finds the same one there already.
func (d *Desk) PlaceOrder(ctx context.Context, call Call, c PlaceOrder) (Answer, error) {
	id := uuid.Must(uuid.NewV7())
	if c.OrderID == "" {
		c.OrderID = id.String()
	}
	place := order.Place{Source: "rest", CustomerRef: c.CustomerRef, Currency: c.Currency}
	return d.do(ctx, call, Command{
		ID:    id,
		Meta:  eventstore.Metadata{CorrelationID: c.OrderID},
		Reads: append(itemRefs(c.Items), orders.ref(c.OrderID), accounts.ref(c.OrderID), checkouts.ref(c.OrderID)),
		Decide: func(decision *Decision) (any, error) {
			place.Items = offered(decision, c.Items)
			events, err := orders.decide(decision, c.OrderID, place)
			if err != nil {
				return nil, err
			}
			return OrderPlaced{orderNow(decision, c.OrderID), len(events) > 0}, nil
		},
	})
}

// itemRefs are the streams in which items are looked up.
func itemRefs(asked []Item) (refs []Ref) {
	for _, item := range asked {
		if item.SKU != "" {
			refs = append(refs, products.ref(item.SKU))
		} else {
			refs = append(refs, names.ref(nameID(item.Name)))
		}
	}
	return refs
}

// offered lays beside each item what the catalogue says: names become SKUs, prices are the catalogue's. The streams looked at
// are checked with the order, so it is never placed at a price that was not the price.
func offered(d *Decision, asked []Item) []order.Item {
	found := make([]order.Item, len(asked))
	for i, item := range asked {
		found[i] = order.Item{SKU: item.SKU, Name: item.Name, Quantity: item.Quantity, ExpectedUnitPriceMinor: item.ExpectedUnitPriceMinor}
		if p := lookUp(d, item); p.Exists() {
			found[i].Product = &order.Product{SKU: p.SKU, Name: p.Name, PriceMinor: p.PriceMinor, Currency: p.Currency, Discontinued: p.Discontinued}
		}
	}
	return found
}

func lookUp(d *Decision, item Item) product.State {
	sku := item.SKU
	if sku == "" {
		sku = names.state(d, nameID(item.Name)).SKU
	}
	if !eventstore.ValidID(sku) {
		return product.State{}
	}
	return products.state(d, sku)
}
