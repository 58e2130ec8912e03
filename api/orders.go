package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
)

type orderQuery struct {
	ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"order id"`
}

func (a *API) registerOrders() {
	command(a, huma.Operation{
		Path: "/v1/orders", OperationID: "place-order", Tags: []string{"orders"}, DefaultStatus: http.StatusCreated,
		Summary:     "Place an order",
		Description: "Stock is not looked at yet: the order may be rejected a moment later. The same id and content again is answered 200 with the order as it is.",
	}, options{also: http.StatusOK},
		func(ctx context.Context, _ *waitingRequest, body v1.PlaceOrder, call app.Call) (app.Answer, error) {
			if errs := itemsWithoutProduct(body.Items); len(errs) > 0 {
				return app.Answer{}, fail(v1.ValidationFailed, "an item names no product; errors names each", errs...)
			}
			return a.Desk.PlaceOrder(ctx, call, placeOrder(body))
		},
		func(result any) reply[v1.Order] {
			r := result.(app.OrderPlaced)
			body, status := orderNow(r.OrderNow), http.StatusOK
			if r.New {
				status = http.StatusCreated
			}
			return reply[v1.Order]{status, "/v1/orders/" + body.OrderID, body}
		})

	handle(a, get("/v1/orders", "orders", "list-orders", "List orders"),
		func(ctx context.Context, in *Paging) (*Page[v1.Order], error) {
			return rowsPage(ctx, a, "/v1/orders", in, a.Orders, orderRow)
		})
	handle(a, get("/v1/orders/{id}", "orders", "get-order", "See one order"),
		func(ctx context.Context, in *orderQuery) (*One[v1.Order], error) {
			return rowOf(ctx, a, a.Orders, in.ID, orderRow)
		})
}

// itemsWithoutProduct finds what a schema cannot say: an item needs a sku or a name.
func itemsWithoutProduct(items []v1.PlaceItem) (errs []v1.FieldError) {
	for i, item := range items {
		if item.SKU == "" && item.Name == "" {
			errs = append(errs, v1.FieldError{Pointer: "/items/" + strconv.Itoa(i) + "/sku", Code: "required", Detail: "sku or name is required"})
		}
	}
	return errs
}

func placeOrder(body v1.PlaceOrder) app.PlaceOrder {
	command := app.PlaceOrder{OrderID: body.OrderID, Currency: body.Currency, CustomerRef: body.CustomerRef}
	for _, item := range body.Items {
		command.Items = append(command.Items, app.Item{SKU: item.SKU, Name: item.Name, Quantity: item.Quantity, ExpectedUnitPriceMinor: item.ExpectedUnitPriceMinor})
	}
	return command
}
