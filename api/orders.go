package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/projections"
	"ordermill/projections/orders"
)

type orderQuery struct {
	Moment
	ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"order id"`
}

type ordersQuery struct {
	PastPaging
	Status        string `query:"status" enum:"placed,awaiting_payment,confirmed,completed,rejected,cancelled,expired"`
	PaymentStatus string `query:"payment_status" enum:"unmatched,voided,paid,failed,requested,none,overpaid,partially_paid,refund_pending,refunded,partially_refunded"`
	SKU           string `query:"sku" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"one of the order's lines is of it"`
	CustomerRef   string `query:"customer_ref" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
	PlacedAfter   string `query:"placed_after" format:"date-time" doc:"placed at this time (RFC 3339) or later"`
	PlacedBefore  string `query:"placed_before" format:"date-time" doc:"placed earlier than this time"`
}

func (q *ordersQuery) filters() (by filters) {
	by.add("status", q.Status, orders.Status, projections.Equal)
	by.add("payment_status", q.PaymentStatus, orders.PaymentStatus, projections.Equal)
	by.add("sku", q.SKU, orders.SKUs, projections.Holds)
	by.add("customer_ref", q.CustomerRef, orders.CustomerRef, projections.Equal)
	by.addTime("placed_after", q.PlacedAfter, orders.PlacedAt, projections.AtLeast)
	by.addTime("placed_before", q.PlacedBefore, orders.PlacedAt, projections.Below)
	return by
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

	list[orders.Row, v1.Order, ordersQuery](a, get("/v1/orders", "orders", "list-orders", "List orders"), a.orders())
	handle(a, get("/v1/orders/{id}", "orders", "get-order", "See one order"),
		func(ctx context.Context, in *orderQuery) (*One[v1.Order], error) {
			return rowOf(ctx, a, in.Moment, a.orders(), in.ID)
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
