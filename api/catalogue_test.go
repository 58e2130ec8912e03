package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	inv "ordermill/domain/inventory"
	"ordermill/domain/product"
	"ordermill/projections/products"
)

func TestProducts_changes(t *testing.T) {
	for path, c := range map[string]struct {
		body    string
		command []any
	}{
		"/price":       {`{"price_minor":0}`, []any{"price", "A", int64(0)}},
		"/rename":      {`{"name":"Bear"}`, []any{"rename", "A", "Bear"}},
		"/discontinue": {``, []any{"discontinue", "A"}},
	} {
		t.Run(path, func(t *testing.T) {
			s := newShop(t)
			s.desk.result, s.desk.position = product.State{SKU: "A", Name: "Bear", PriceMinor: 5, Currency: "USD", Discontinued: true}, 8
			var got v1.Product
			answer := s.post("/v1/products/A"+path, c.body)
			answer.ok(200, &got)
			require.Equal(t, v1.Product{SKU: "A", Name: "Bear", PriceMinor: 5, Currency: "USD", Discontinued: true}, got)
			require.Equal(t, "/v1/products/A", answer.Header.Get("Location"))
			require.Equal(t, "8", answer.Header.Get("X-Position"))
			require.NotContains(t, answer.text, "position")
			require.Equal(t, c.command, s.desk.command)

			s.desk.err = decider.Refuse("unknown-sku", "no product is registered with this SKU")
			answer = s.post("/v1/products/A"+path, c.body)
			require.Equal(t, 404, answer.StatusCode)
			answer.problem(v1.UnknownSKU)
		})
	}
}

func TestProduct_discontinued_isShown(t *testing.T) {
	s := newShop(t)
	s.catalogue["A"] = products.Row{Product: product.State{SKU: "A", Discontinued: true}, Position: 1}
	var got v1.Product
	s.get("/v1/products/A").ok(200, &got)
	require.True(t, got.Discontinued)
	s.desk.err = decider.Refuse("product-discontinued", "the product is not sold any more")
	require.Equal(t, 422, s.post("/v1/orders", `{"items":[{"sku":"A","quantity":1}]}`).StatusCode)
}

func TestInventory_adjust(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.StockAdjusted{AdjustmentID: "a", Item: inv.State{SKU: "A", OnHand: 3, Allocated: 2}}
	var got v1.StockAdjusted
	answer := s.post("/v1/inventory/A/adjustments", `{"delta":-2,"reason":"broken"}`, "Idempotency-Key: k")
	answer.ok(201, &got)
	require.Equal(t, v1.StockAdjusted{AdjustmentID: "a", Stock: v1.Stock{SKU: "A", OnHand: 3, Allocated: 2, Available: 1}}, got)
	require.Equal(t, "/v1/inventory/A", answer.Header.Get("Location"))
	require.Equal(t, app.AdjustStock{SKU: "A", Delta: -2, Reason: "broken"}, s.desk.command)

	again := s.post("/v1/inventory/A/adjustments", `{"delta":-2,"reason":"broken"}`, "Idempotency-Key: k")
	require.Equal(t, answer.text, again.text)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
}

func TestInventory_adjust_belowWhatIsHeld_is409(t *testing.T) {
	s := newShop(t)
	s.desk.err = &decider.Refusal{Code: "would-break-reservations", Detail: "3 are on hand", Extra: map[string]any{"on_hand": 3, "held": 2}}
	answer := s.post("/v1/inventory/A/adjustments", `{"delta":-2,"reason":"broken"}`, "Idempotency-Key: k")
	require.Equal(t, 409, answer.StatusCode)
	require.Equal(t, 2.0, answer.problem(v1.WouldBreakReservations).Extra["held"])
}
