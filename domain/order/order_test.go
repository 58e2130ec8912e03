package order_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/domain/domaintest"
	"ordermill/domain/money"
	"ordermill/domain/order"
)

var (
	teddy = &order.Product{SKU: "TEDDY-BEAR", Name: "Teddy Bear", PriceMinor: 2999, Currency: "USD"}
	kite  = &order.Product{SKU: "KITE", Name: "Kite", PriceMinor: 1500, Currency: "USD"}
	samba = &order.Product{SKU: "SAMBA", Name: "Samba", PriceMinor: 1000, Currency: "BRL"}
	gold  = &order.Product{SKU: "GOLD", Name: "Gold", PriceMinor: money.Max, Currency: "USD"}
)

func given(t *testing.T, history ...order.Event) domaintest.Case[order.State, order.Command, order.Event] {
	return domaintest.Given(t, order.Decider, history...)
}

// ask is one Teddy Bear, changed by how.
func ask(how func(*order.Place)) order.Place {
	c := order.Place{Source: "rest", Items: []order.Item{{Name: "Teddy Bear", Quantity: 1, Product: teddy}}}
	how(&c)
	return c
}

func asIs(*order.Place) {}

func placedAs(c order.Place, total int64, lines ...order.Line) order.Placed {
	return order.Placed{Source: c.Source, CustomerRef: c.CustomerRef, Currency: "USD", Lines: lines, GrandTotalMinor: total, Content: c.Content()}
}

func placed() order.Placed {
	return placedAs(ask(asIs), 2999, order.Line{LineID: "1", SKU: "TEDDY-BEAR", Name: "Teddy Bear", Quantity: 1, UnitPriceMinor: 2999, TotalMinor: 2999})
}

func TestPlace_cataloguePrices(t *testing.T) {
	given(t).When(ask(asIs)).Then(placed())
}

func TestPlace_itemsAreMergedBySKU(t *testing.T) {
	c := ask(func(c *order.Place) {
		c.Items = append(c.Items, order.Item{SKU: "KITE", Quantity: 3, Product: kite}, order.Item{SKU: "TEDDY-BEAR", Quantity: 2, Product: teddy})
	})
	given(t).When(c).Then(placedAs(c, 13497,
		order.Line{LineID: "1", SKU: "TEDDY-BEAR", Name: "Teddy Bear", Quantity: 3, UnitPriceMinor: 2999, TotalMinor: 8997},
		order.Line{LineID: "2", SKU: "KITE", Name: "Kite", Quantity: 3, UnitPriceMinor: 1500, TotalMinor: 4500}))
}

func TestPlace_sameContentAgain_isNothingNew(t *testing.T) {
	given(t, placed()).When(ask(asIs)).Then()
	given(t, placed()).When(ask(func(c *order.Place) { c.Source = "letter" })).Then()
	given(t, placed()).When(ask(func(c *order.Place) { // nothing is looked up again
		c.Items[0].Product = &order.Product{SKU: "TEDDY-BEAR", Name: "Teddy", PriceMinor: 1, Currency: "EUR"}
	})).Then()
	given(t, placed()).When(ask(func(c *order.Place) { c.Items[0].Product = nil })).Then()
}

func TestPlace_otherContent_isAConflict(t *testing.T) {
	for name, how := range map[string]func(*order.Place){
		"quantity": func(c *order.Place) { c.Items[0].Quantity = 2 },
		"customer": func(c *order.Place) { c.CustomerRef = "c-1" },
		"currency": func(c *order.Place) { c.Currency = "USD" },
		"item":     func(c *order.Place) { c.Items[0].Name, c.Items[0].Product = "Kite", kite },
	} {
		t.Run(name, func(t *testing.T) { given(t, placed()).When(ask(how)).ThenRefused("order-id-conflict") })
	}
}

func TestContent_orderAndSplitOfItemsDoNotMatter(t *testing.T) {
	a := order.Place{Items: []order.Item{{SKU: "A", Quantity: 1}, {Name: "B", Quantity: 5}, {SKU: "A", Quantity: 2}}}
	b := order.Place{Items: []order.Item{{Name: "B", Quantity: 5}, {SKU: "A", Quantity: 3}}}
	require.Equal(t, a.Content(), b.Content())
}

// What the catalogue does not allow: a letter's order is rejected, any other is refused.
func TestPlace_atTheDoor(t *testing.T) {
	dear := int64(2998)
	for reason, c := range map[string]struct {
		refusal string
		how     func(*order.Place)
	}{
		order.ReasonUnknownItem:      {"unknown-product", func(c *order.Place) { c.Items[0].Product = nil }},
		order.ReasonPriceChanged:     {"price-changed", func(c *order.Place) { c.Items[0].ExpectedUnitPriceMinor = &dear }},
		order.ReasonCurrencyMismatch: {"currency-mismatch", func(c *order.Place) { c.Currency = "EUR" }},
		order.ReasonMixedCurrency: {"mixed-currency", func(c *order.Place) {
			c.Items = append(c.Items, order.Item{SKU: "SAMBA", Quantity: 1, Product: samba})
		}},
		order.ReasonTotalTooLarge: {"total-too-large", func(c *order.Place) {
			c.Items = append(c.Items, order.Item{SKU: "GOLD", Quantity: 1, Product: gold})
		}},
	} {
		t.Run(reason, func(t *testing.T) {
			asked := ask(c.how)
			given(t).When(asked).ThenRefused(c.refusal)
			asked.Letter = true
			rejected := order.Rejected{Reason: reason, Content: asked.Content()}
			s := given(t).When(asked).Then(rejected)
			require.True(t, s.Terminal())
			require.False(t, s.Placed())
			given(t, rejected).When(asked).Then()
			given(t, rejected).When(ask(func(c *order.Place) { c.Items[0].Quantity = 9 })).ThenRefused("order-id-conflict")
		})
	}
}

func TestPlace_lineTotalTooLarge(t *testing.T) {
	given(t).When(order.Place{Items: []order.Item{{SKU: "GOLD", Quantity: 2, Product: gold}}}).ThenRefused("total-too-large")
}

func TestPlace_expectedPriceThatHolds(t *testing.T) {
	same := int64(2999)
	given(t).When(ask(func(c *order.Place) { c.Items[0].ExpectedUnitPriceMinor = &same })).Then(placed())
}

func TestPlace_badMembers_areRefusedWithTheirPlace(t *testing.T) {
	for pointer, how := range map[string]func(*order.Place){
		"/items":            func(c *order.Place) { c.Items = nil },
		"/items/0/quantity": func(c *order.Place) { c.Items[0].Quantity = 0 },
		"/items/0/sku":      func(c *order.Place) { c.Items[0].SKU = "a b" },
		"/items/0":          func(c *order.Place) { c.Items[0].Name = "" },
		"/customer_ref":     func(c *order.Place) { c.CustomerRef = "Jane Doe" },
		"/currency":         func(c *order.Place) { c.Currency = "DOLLAR" },
		"/items/1/quantity": func(c *order.Place) {
			c.Items[0].Quantity = order.MaxQuantity
			c.Items = append(c.Items, order.Item{SKU: "TEDDY-BEAR", Quantity: 1, Product: teddy})
		},
	} {
		t.Run(pointer, func(t *testing.T) {
			given(t).When(ask(how)).ThenRefused("validation-failed")
			_, err := order.Decider.Decide(order.State{}, ask(how))
			var refusal *decider.Refusal
			require.True(t, errors.As(err, &refusal))
			require.Equal(t, pointer, refusal.Errors[0].Pointer)
		})
	}
	given(t).When(ask(func(c *order.Place) { c.Items = make([]order.Item, order.MaxItems+1) })).ThenRefused("validation-failed")
}

// The first word on an order counts: what the checkout says too late is nothing, not an error.
func TestCheckoutCommands_firstWordCounts(t *testing.T) {
	awaited := order.PaymentAwaited{PayBy: 9}
	given(t, placed()).When(order.AwaitPayment{PayBy: 9}).Then(awaited)
	given(t, placed()).When(order.Confirm{}).Then(order.Confirmed{})
	given(t, placed(), awaited).When(order.Confirm{}).Then(order.Confirmed{})
	given(t, placed(), awaited).When(order.Expire{}).Then(order.Expired{})
	given(t, placed()).When(order.Expire{}).Then()
	given(t, placed(), awaited).When(order.Cancel{Reason: "r"}).Then(order.Cancelled{Reason: "r"})
	short := []order.Shortage{{SKU: "TEDDY-BEAR", Requested: 1}}
	given(t, placed()).When(order.Reject{Reason: "out_of_stock", Shortages: short}).Then(order.Rejected{Reason: "out_of_stock", Shortages: short})
	for _, end := range []order.Event{order.Expired{}, order.Cancelled{Reason: "r"}, order.Rejected{Reason: "r"}} {
		for _, late := range []order.Command{order.AwaitPayment{}, order.Confirm{}, order.Expire{}, order.Cancel{}, order.Reject{}} {
			given(t, placed(), end).When(late).Then()
		}
	}
	for _, late := range []order.Command{order.AwaitPayment{}, order.Confirm{}, order.Expire{}, order.Reject{}} {
		given(t, placed(), order.Confirmed{}).When(late).Then()
	}
}

func TestConfirmationSent_isRecordedOnce(t *testing.T) {
	sent := order.ConfirmationSent{Channel: "mailbox", MessageID: "<1@x>"}
	given(t, placed(), order.Confirmed{}).When(order.RecordConfirmationSent(sent)).Then(sent)
	given(t, placed(), order.Confirmed{}, sent).When(order.RecordConfirmationSent{Channel: "smtp", MessageID: "<2@x>"}).Then()
	given(t).When(order.RecordConfirmationSent(sent)).Then()
}
