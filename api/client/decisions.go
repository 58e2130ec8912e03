package client

import (
	"context"
	"net/url"

	"ordermill/api/v1"
)

// ChangePrice sets a product's price for the orders to come.
func (c *Client) ChangePrice(ctx context.Context, sku string, body v1.ChangePrice, options ...Option) (Answer[v1.Product], error) {
	return postJSON[v1.Product](ctx, c, path("/v1/products", sku, "price"), body, options)
}

// RenameProduct gives a product another name.
func (c *Client) RenameProduct(ctx context.Context, sku string, body v1.RenameProduct, options ...Option) (Answer[v1.Product], error) {
	return postJSON[v1.Product](ctx, c, path("/v1/products", sku, "rename"), body, options)
}

// Discontinue takes a product off sale.
func (c *Client) Discontinue(ctx context.Context, sku string, options ...Option) (Answer[v1.Product], error) {
	return post[v1.Product](ctx, c, path("/v1/products", sku, "discontinue"), nil, options)
}

// AdjustStock corrects the stock on hand. It needs a Key.
func (c *Client) AdjustStock(ctx context.Context, sku string, body v1.AdjustStock, options ...Option) (Answer[v1.StockAdjusted], error) {
	return postJSON[v1.StockAdjusted](ctx, c, path("/v1/inventory", sku, "adjustments"), body, options)
}

// CancelOrder cancels an order of which nothing was shipped.
func (c *Client) CancelOrder(ctx context.Context, orderID string, body v1.CancelOrder, options ...Option) (Answer[v1.Order], error) {
	return postJSON[v1.Order](ctx, c, path("/v1/orders", orderID, "cancel"), body, options)
}

// ShipOrder tells that goods left; the zero body is all that is left. Lines need a Key, or the same again is another parcel.
func (c *Client) ShipOrder(ctx context.Context, orderID string, body v1.ShipOrder, options ...Option) (Answer[v1.ShipmentChanged], error) {
	return postJSON[v1.ShipmentChanged](ctx, c, path("/v1/orders", orderID, "shipments"), body, options)
}

// DeliverShipment tells that a shipment arrived.
func (c *Client) DeliverShipment(ctx context.Context, orderID, shipmentID string, options ...Option) (Answer[v1.ShipmentChanged], error) {
	return post[v1.ShipmentChanged](ctx, c, path("/v1/orders", orderID, "shipments", shipmentID, "deliver"), nil, options)
}

// RefundOrder sends money of a confirmed or ended order back. It needs a Key.
func (c *Client) RefundOrder(ctx context.Context, orderID string, body v1.RefundOrder, options ...Option) (Answer[v1.RefundChanged], error) {
	return postJSON[v1.RefundChanged](ctx, c, path("/v1/orders", orderID, "refunds"), body, options)
}

// CompleteRefund tells that a refund was paid out.
func (c *Client) CompleteRefund(ctx context.Context, orderID, refundID string, options ...Option) (Answer[v1.RefundChanged], error) {
	return post[v1.RefundChanged](ctx, c, path("/v1/orders", orderID, "refunds", refundID, "complete"), nil, options)
}

// FailRefund tells that a refund was not paid out.
func (c *Client) FailRefund(ctx context.Context, orderID, refundID string, body v1.FailRefund, options ...Option) (Answer[v1.RefundChanged], error) {
	return postJSON[v1.RefundChanged](ctx, c, path("/v1/orders", orderID, "refunds", refundID, "fail"), body, options)
}

// MatchCapture gives money that came without an order to an order.
func (c *Client) MatchCapture(ctx context.Context, captureID string, body v1.MatchCapture, options ...Option) (Answer[v1.CaptureDecided], error) {
	return postJSON[v1.CaptureDecided](ctx, c, path("/v1/payments/unmatched", captureID, "match"), body, options)
}

// RefundCapture sends money back that came without an order.
func (c *Client) RefundCapture(ctx context.Context, captureID string, options ...Option) (Answer[v1.CaptureDecided], error) {
	return post[v1.CaptureDecided](ctx, c, path("/v1/payments/unmatched", captureID, "refund"), nil, options)
}

// ResolveReview decides an open review.
func (c *Client) ResolveReview(ctx context.Context, reviewID string, body v1.ResolveReview, options ...Option) (Answer[v1.ReviewResolved], error) {
	return postJSON[v1.ReviewResolved](ctx, c, path("/v1/reviews", reviewID, "resolve"), body, options)
}

// path puts parts behind a collection, each escaped.
func path(collection string, parts ...string) string {
	for _, part := range parts {
		collection += "/" + url.PathEscape(part)
	}
	return collection
}
