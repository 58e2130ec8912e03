package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/product"
	"ordermill/projections/products"
)

type skuQuery struct {
	Moment
	SKU string `path:"sku" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
}

func (a *API) registerProducts() {
	command(a, huma.Operation{
		Path: "/v1/products", OperationID: "register-product", Tags: []string{"products"}, DefaultStatus: http.StatusCreated,
		Summary: "Add a product to the catalogue, with its name and its stock item",
	}, options{},
		func(ctx context.Context, _ *Request, body v1.RegisterProduct, call app.Call) (app.Answer, error) {
			return a.Desk.RegisterProduct(ctx, call, app.RegisterProduct{SKU: body.SKU, Name: body.Name, PriceMinor: body.PriceMinor,
				Currency: body.Currency, SafetyStock: body.SafetyStock, LowStockThreshold: body.LowStockThreshold})
		},
		func(result any) reply[v1.ProductRegistered] {
			body := productRegistered(result.(app.ProductRegistered))
			return reply[v1.ProductRegistered]{http.StatusCreated, "/v1/products/" + body.SKU, body}
		})
	command(a, huma.Operation{
		Path: "/v1/products/{sku}/price", OperationID: "change-price", Tags: []string{"products"}, DefaultStatus: http.StatusOK,
		Summary: "Set the price for the orders to come",
	}, options{},
		func(ctx context.Context, in *skuRequest, body v1.ChangePrice, call app.Call) (app.Answer, error) {
			return a.Desk.ChangePrice(ctx, call, in.SKU, body.PriceMinor)
		}, productChanged)
	command(a, huma.Operation{
		Path: "/v1/products/{sku}/rename", OperationID: "rename-product", Tags: []string{"products"}, DefaultStatus: http.StatusOK,
		Summary: "Give a product another name",
	}, options{},
		func(ctx context.Context, in *skuRequest, body v1.RenameProduct, call app.Call) (app.Answer, error) {
			return a.Desk.RenameProduct(ctx, call, in.SKU, body.Name)
		}, productChanged)
	command(a, huma.Operation{
		Path: "/v1/products/{sku}/discontinue", OperationID: "discontinue-product", Tags: []string{"products"}, DefaultStatus: http.StatusOK,
		Summary: "Take a product off sale; orders that are there go on",
	}, options{mayBeEmpty: true},
		func(ctx context.Context, in *skuRequest, _ nothing, call app.Call) (app.Answer, error) {
			return a.Desk.Discontinue(ctx, call, in.SKU)
		}, productChanged)

	list[products.Row, v1.Product, PastPaging](a, get("/v1/products", "products", "list-products", "List the catalogue"), a.catalogue())
	handle(a, get("/v1/products/{sku}", "products", "get-product", "See one product"),
		func(ctx context.Context, in *skuQuery) (*One[v1.Product], error) {
			return rowOf(ctx, a, in.Moment, a.catalogue(), in.SKU)
		})
}

func productChanged(result any) reply[v1.Product] {
	body := productRow(products.Row{Product: result.(product.State)})
	return reply[v1.Product]{http.StatusOK, "/v1/products/" + body.SKU, body}
}
