package products

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/product"
	"ordermill/eventstore"
	"ordermill/projections"
)

func TestKeys_productsOnly(t *testing.T) {
	for stream, want := range map[string][]string{"product-A-1": {"A-1"}, "product_name-x": nil, "inventory-A-1": nil} {
		keys, err := Projection.Keys(eventstore.Record{Stream: stream})
		require.NoError(t, err)
		require.Equal(t, want, keys, stream)
	}
	_, err := Projection.Keys(eventstore.Record{Stream: "no stream"})
	require.Error(t, err)
}

func TestFold_registered(t *testing.T) {
	registered := product.Registered{SKU: "A", Name: "Teddy Bear", NameKey: "teddy bear", PriceMinor: 2999, Currency: "USD"}
	row := fold(Row{}, projections.Event{Record: eventstore.Record{Position: 4, Stream: "product-A", Version: 1}, Fact: registered})
	require.Equal(t, Row{Product: product.State{SKU: "A", Name: "Teddy Bear", NameKey: "teddy bear", PriceMinor: 2999, Currency: "USD"}, Version: 1, Position: 4}, row)
}
