package order

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"ordermill/domain/decider"
	"ordermill/domain/money"
)

// Limits of an order.
const (
	MaxItems    = 200
	MaxQuantity = 1_000_000 // of one SKU
)

// Reasons for which an order is rejected, also the codes of State.Reason.
const (
	ReasonUnknownItem      = "unknown_item"
	ReasonPriceChanged     = "price_changed"
	ReasonMixedCurrency    = "mixed_currency"
	ReasonCurrencyMismatch = "currency_mismatch"
	ReasonTotalTooLarge    = "total_too_large"
	ReasonOutOfStock       = "out_of_stock"
	ReasonDiscontinued     = "discontinued"
)

// Place takes an order, or finds why the catalogue does not allow it. Then a letter's order is rejected, since whoever sent it
// waits for no answer; any other is refused. The same content again is nothing new.
type Place struct {
	Letter      bool
	Source      string // how it came in: http, amqp, redis ...
	CustomerRef string // our own id of the customer, or ""
	Currency    string // asked for, or "": the catalogue's; checked, never converted
	Items       []Item
}

// Item is what was asked for, by SKU or by name, and what the catalogue says to it.
type Item struct {
	SKU, Name              string
	Quantity               int64
	ExpectedUnitPriceMinor *int64   // checked, never trusted
	Product                *Product // nil: the catalogue has no such SKU or name
}

// Product is the catalogue's word on an item.
type Product struct {
	SKU, Name  string
	PriceMinor int64
	Currency   string
	// Discontinued products are not sold any more.
	Discontinued bool
}

func (Place) command() {}

// Content is the fingerprint of what is asked for: items merged and in no particular order, currency and customer. Nothing
// in it is looked up, so it does not change when the catalogue does.
func (c Place) Content() string {
	type asked struct {
		SKU      string `json:"sku"`
		Name     string `json:"name"`
		Quantity int64  `json:"quantity"`
	}
	var merged []asked
	for _, item := range c.Items {
		same := func(a asked) bool { return a.SKU == item.SKU && a.Name == item.Name }
		if i := slices.IndexFunc(merged, same); i >= 0 {
			merged[i].Quantity += item.Quantity
		} else {
			merged = append(merged, asked{item.SKU, item.Name, item.Quantity})
		}
	}
	slices.SortFunc(merged, func(a, b asked) int { return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Name, b.Name)) })
	text, err := json.Marshal([]any{merged, c.Currency, c.CustomerRef})
	if err != nil {
		panic(err) // strings and numbers: cannot happen
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func place(s State, c Place) ([]Event, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	content := c.Content()
	if s.Exists() {
		if s.Content != content {
			return nil, decider.Refuse("order-id-conflict", "an order with this id and other contents exists already")
		}
		return nil, nil
	}
	placed, no := c.price()
	switch {
	case no == nil:
		placed.Content = content
		return []Event{placed}, nil
	case c.Letter:
		return []Event{Rejected{Reason: no.reason, Content: content}}, nil
	default:
		return nil, no.refusal()
	}
}

func (c Place) validate() error {
	var wrong decider.Fields
	if c.CustomerRef != "" {
		wrong.ID("/customer_ref", c.CustomerRef)
	}
	if c.Currency != "" && !money.Known(c.Currency) {
		wrong.Add("/currency", "unknown-currency", "a code of ISO 4217, such as USD")
	}
	if len(c.Items) == 0 || len(c.Items) > MaxItems {
		wrong.Add("/items", "out-of-range", "1 to 200 items")
		return wrong.Refusal()
	}
	totals := map[[2]string]int64{}
	for i, item := range c.Items {
		pointer := "/items/" + strconv.Itoa(i)
		switch {
		case item.SKU != "":
			wrong.ID(pointer+"/sku", item.SKU)
		case item.Name == "":
			wrong.Add(pointer, "required", "an item needs a sku or a name")
		}
		wrong.Range(pointer+"/quantity", item.Quantity, 1, MaxQuantity, "1 to 1,000,000")
		asked := [2]string{item.SKU, item.Name}
		if item.Product != nil {
			asked = [2]string{item.Product.SKU}
		}
		if totals[asked] += item.Quantity; totals[asked] > MaxQuantity && item.Quantity <= MaxQuantity {
			wrong.Add(pointer+"/quantity", "out-of-range", "1 to 1,000,000 of one SKU in all")
		}
	}
	return wrong.Refusal()
}

// no is why the catalogue does not allow an order.
type no struct {
	reason, code, detail string
	item                 int // the first one concerned, or -1
	member               string
}

func (n no) refusal() error {
	refusal := decider.Refuse(n.code, n.detail)
	if n.item >= 0 {
		refusal.Errors = []decider.FieldError{{Pointer: fmt.Sprintf("/items/%d%s", n.item, n.member), Code: n.code, Detail: n.detail}}
	}
	return refusal
}

// price merges the items by SKU and prices them as the catalogue does.
func (c Place) price() (Placed, *no) {
	for i, item := range c.Items {
		if item.Product == nil {
			return Placed{}, &no{ReasonUnknownItem, "unknown-product", "the catalogue has no product with this SKU or name", i, ""}
		}
		if item.Product.Discontinued {
			return Placed{}, &no{ReasonDiscontinued, "product-discontinued", "the product is not sold any more", i, ""}
		}
		if want := item.ExpectedUnitPriceMinor; want != nil && *want != item.Product.PriceMinor {
			return Placed{}, &no{ReasonPriceChanged, "price-changed", "the price is not the one that was expected", i, "/expected_unit_price_minor"}
		}
	}
	placed := Placed{Source: c.Source, CustomerRef: c.CustomerRef, Currency: c.Items[0].Product.Currency}
	for i, item := range c.Items {
		if item.Product.Currency != placed.Currency {
			return Placed{}, &no{ReasonMixedCurrency, "mixed-currency", "all items of an order have one currency", i, ""}
		}
	}
	if c.Currency != "" && c.Currency != placed.Currency {
		return Placed{}, &no{ReasonCurrencyMismatch, "currency-mismatch", "the products are not priced in the currency asked for", -1, ""}
	}
	tooLarge := &no{ReasonTotalTooLarge, "total-too-large", "the order's total is beyond 2^53-1 minor units", -1, ""}
	for _, line := range c.lines() {
		var err error
		if line.TotalMinor, err = money.Times(line.UnitPriceMinor, line.Quantity); err != nil {
			return Placed{}, tooLarge
		}
		if placed.GrandTotalMinor, err = money.Add(placed.GrandTotalMinor, line.TotalMinor); err != nil {
			return Placed{}, tooLarge
		}
		placed.Lines = append(placed.Lines, line)
	}
	return placed, nil
}

// lines merges the items by SKU, in the order in which SKUs were first asked for.
func (c Place) lines() (lines []Line) {
	for _, item := range c.Items {
		p := item.Product
		if i := slices.IndexFunc(lines, func(l Line) bool { return l.SKU == p.SKU }); i >= 0 {
			lines[i].Quantity += item.Quantity
			continue
		}
		lines = append(lines, Line{
			LineID: strconv.Itoa(len(lines) + 1), SKU: p.SKU, Name: p.Name, Quantity: item.Quantity, UnitPriceMinor: p.PriceMinor,
		})
	}
	return lines
}
