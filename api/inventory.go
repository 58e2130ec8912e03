package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/projections/inventory"
)

func (a *API) registerInventory() {
	command(a, huma.Operation{
		Path: "/v1/inventory/{sku}/receipts", OperationID: "receive-stock", Tags: []string{"inventory"}, DefaultStatus: http.StatusCreated,
		Summary: "Book stock that arrived (needs an Idempotency-Key)",
	}, options{needsKey: true},
		func(ctx context.Context, in *skuRequest, body v1.ReceiveStock, call app.Call) (app.Answer, error) {
			return a.Desk.ReceiveStock(ctx, call, app.ReceiveStock{SKU: in.SKU, Quantity: body.Quantity, StockReceiptID: body.StockReceiptID})
		},
		func(result any) reply[v1.StockReceived] {
			r := result.(app.StockReceived)
			return reply[v1.StockReceived]{http.StatusCreated, "/v1/inventory/" + r.Item.SKU, v1.StockReceived{
				StockReceiptID: r.StockReceiptID, Stock: stockOf(r.Item, r.Now)}}
		})
	command(a, huma.Operation{
		Path: "/v1/inventory/{sku}/adjustments", OperationID: "adjust-stock", Tags: []string{"inventory"}, DefaultStatus: http.StatusCreated,
		Summary: "Correct the stock on hand after somebody counted (needs an Idempotency-Key)",
	}, options{needsKey: true},
		func(ctx context.Context, in *skuRequest, body v1.AdjustStock, call app.Call) (app.Answer, error) {
			return a.Desk.AdjustStock(ctx, call, app.AdjustStock{SKU: in.SKU, Delta: body.Delta, Reason: body.Reason})
		},
		func(result any) reply[v1.StockAdjusted] {
			r := result.(app.StockAdjusted)
			return reply[v1.StockAdjusted]{http.StatusCreated, "/v1/inventory/" + r.Item.SKU, v1.StockAdjusted{
				AdjustmentID: r.AdjustmentID, Stock: stockOf(r.Item, r.Now)}}
		})

	list[inventory.Row, v1.Item, PastPaging](a, get("/v1/inventory", "inventory", "list-inventory", "List the stock of every SKU"), a.items())
	handle(a, get("/v1/inventory/{sku}", "inventory", "get-inventory", "See the stock of one SKU"),
		func(ctx context.Context, in *skuQuery) (*One[v1.Item], error) {
			return rowOf(ctx, a, in.Moment, a.items(), in.SKU)
		})
}
