package projectiontest_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/domain/order"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
	"ordermill/projections"
	"ordermill/projections/orders"
	"ordermill/projections/projectiontest"
)

func TestHolds_findsTheWholeID_inItsCase(t *testing.T) {
	for name, open := range map[string]func(*testing.T) projectiontest.Fixture{
		"SQLite":   func(t *testing.T) projectiontest.Fixture { return openSQLite(t) },
		"Postgres": func(t *testing.T) projectiontest.Fixture { return openPostgres(t, services.Postgres(t), "shop") },
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			place(t, f, "1", "A_B", "C")
			place(t, f, "2", "AxB", "c")
			place(t, f, "3", "A_B.2", "C")
			model := projections.New(orders.Projection, f.Store, f.DB, subscription.Owner{ID: "a"})
			go model.Run(t.Context())
			require.NoError(t, model.WaitFor(t.Context(), 3))
			for sku, want := range map[string][]string{"A_B": {"1"}, "C": {"3", "1"}, "c": {"2"}, "A": nil, "%": nil, "AXB": nil} {
				page, err := model.List(t.Context(), projections.Query{Limit: 9,
					Where: []projections.Condition{{Column: orders.SKUs, Is: projections.Holds, Value: sku}}})
				require.NoError(t, err)
				var got []string
				for _, row := range page.Rows {
					got = append(got, row.OrderID)
				}
				require.ElementsMatch(t, want, got, sku)
			}
		})
	}
}

// place appends an order of one unit of each SKU.
func place(t *testing.T, f projectiontest.Fixture, id string, skus ...string) {
	placed := order.Placed{Currency: "USD"}
	for _, sku := range skus {
		placed.Lines = append(placed.Lines, order.Line{LineID: sku, SKU: sku, Quantity: 1})
	}
	happened(t, f, id, 0, placed)
}

// happened appends an event of an order that has had so many.
func happened(t *testing.T, f projectiontest.Fixture, id string, before int64, event decider.Event) {
	name, version, data, err := codec.Encode(event)
	require.NoError(t, err)
	stream := eventstore.Stream(order.Category, id)
	_, err = f.Store.Append(t.Context(), []eventstore.Request{{CommandID: uuid.New(), Expected: map[string]int64{stream: before}, Events: []eventstore.Event{
		{Stream: stream, Type: name, SchemaVersion: version, Data: data, Metadata: json.RawMessage(`{}`)}}}})
	require.NoError(t, err)
}
