package client

import (
	"context"
	"net/url"

	"ordermill/api/v1"
)

// OrderAsOf returns one order as it was when the log stood at a position (in digits) or at a time (RFC 3339).
func (c *Client) OrderAsOf(ctx context.Context, id, asOf string) (v1.Order, error) {
	return get[v1.Order](ctx, c, "/v1/orders/"+url.PathEscape(id), url.Values{"as_of": {asOf}})
}

// AccountAsOf returns an order's payment account as it was then.
func (c *Client) AccountAsOf(ctx context.Context, orderID, asOf string) (v1.Account, error) {
	return get[v1.Account](ctx, c, "/v1/orders/"+url.PathEscape(orderID)+"/payment", url.Values{"as_of": {asOf}})
}

// ItemAsOf returns the stock of one SKU as it was then.
func (c *Client) ItemAsOf(ctx context.Context, sku, asOf string) (v1.Item, error) {
	return get[v1.Item](ctx, c, "/v1/inventory/"+url.PathEscape(sku), url.Values{"as_of": {asOf}})
}

// ProductAsOf returns one entry of the catalogue as it was then.
func (c *Client) ProductAsOf(ctx context.Context, sku, asOf string) (v1.Product, error) {
	return get[v1.Product](ctx, c, "/v1/products/"+url.PathEscape(sku), url.Values{"as_of": {asOf}})
}
