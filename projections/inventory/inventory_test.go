package inventory

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/product"
	"ordermill/eventstore"
	"ordermill/projections"
)

func event(position int64, stream string, version int64, fact decider.Event) projections.Event {
	return projections.Event{Record: eventstore.Record{Position: position, Stream: stream, Version: version}, Fact: fact}
}

func TestRow_bearsTheProductsName_whicheverCameFirst(t *testing.T) {
	registered := event(1, "product-A", 1, product.Registered{SKU: "A", Name: "Teddy Bear"})
	stocked := event(2, "inventory-A", 1, inventory.ItemRegistered{SKU: "A", LowStockThreshold: 3})
	for _, events := range [][]projections.Event{{registered, stocked}, {stocked, registered}} {
		var row Row
		for _, e := range events {
			row = fold(row, e)
		}
		require.Equal(t, "Teddy Bear", row.Product.Name)
		require.Equal(t, int64(1), row.Version, "of the stock's stream")
		require.Equal(t, events[1].Position, row.Position)
		require.True(t, row.Low())
	}
}

func TestShown_onlyOnceThereIsAnItem(t *testing.T) {
	row := fold(Row{}, event(1, "product-A", 1, product.Registered{SKU: "A"}))
	require.False(t, Projection.Shown(row))
	require.True(t, Projection.Shown(fold(row, event(2, "inventory-A", 1, inventory.ItemRegistered{SKU: "A"}))))
}

// TestLean_sumsAreTheDomainsOwn: what the row leaves out changes no sum, whatever happens to reservations, in whichever order.
func TestLean_sumsAreTheDomainsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var row Row
		var full inventory.State
		happens := func(fact inventory.Event) {
			full = inventory.Decider.Evolve(full, fact)
			row = fold(row, event(row.Position+1, "inventory-A", row.Version+1, fact))
		}
		happens(inventory.ItemRegistered{SKU: "A", SafetyStock: 1, LowStockThreshold: 2})
		happens(inventory.Received{StockReceiptID: "1", Quantity: 50})
		for i := range rapid.IntRange(0, 30).Draw(t, "steps") {
			order := fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "order"))
			held, open := full.Reservations[order]
			switch what := rapid.IntRange(0, 2).Draw(t, "what"); {
			case !open:
				happens(inventory.Reserved{ReservationID: fmt.Sprint(i), OrderID: order, Quantity: int64(1 + i%3), ExpiresAt: int64(1000 + i)})
			case what == 0:
				happens(inventory.Released{ReservationID: held.ReservationID, OrderID: order, Quantity: held.Quantity})
			case held.ExpiresAt == 0:
			case what == 1:
				happens(inventory.ReservationSecured{ReservationID: held.ReservationID, OrderID: order, Quantity: held.Quantity})
			default:
				happens(inventory.ReservationExpired{ReservationID: held.ReservationID, OrderID: order, Quantity: held.Quantity})
			}
			require.Equal(t, full.OnHand, row.Item.OnHand)
			require.Equal(t, full.Reserved, row.Item.Reserved)
			require.Equal(t, full.Allocated, row.Item.Allocated)
			require.Equal(t, full.Available(0), row.Available())
			require.Equal(t, full.Low(0), row.Low())
		}
		for _, r := range row.Item.Reservations {
			require.NotZero(t, r.ExpiresAt, "hard reservations are not kept")
		}
	})
}
