package client

import (
	"context"
	"net/url"
	"strconv"

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

// ExplainOrder returns a page of the events that an order was folded from, oldest first, and what each changed.
func (c *Client) ExplainOrder(ctx context.Context, id string, limit int, cursor string) (v1.List[v1.RowChange], error) {
	return list[v1.RowChange](ctx, c, "/v1/orders/"+url.PathEscape(id)+"/explain", limit, cursor)
}

// ExplainAccount does the same for an order's payment account.
func (c *Client) ExplainAccount(ctx context.Context, orderID string, limit int, cursor string) (v1.List[v1.RowChange], error) {
	return list[v1.RowChange](ctx, c, "/v1/orders/"+url.PathEscape(orderID)+"/payment/explain", limit, cursor)
}

// ExplainItem does the same for the stock of one SKU.
func (c *Client) ExplainItem(ctx context.Context, sku string, limit int, cursor string) (v1.List[v1.RowChange], error) {
	return list[v1.RowChange](ctx, c, "/v1/inventory/"+url.PathEscape(sku)+"/explain", limit, cursor)
}

// StreamState returns what a stream's events fold to, at a version; 0 is its last one.
func (c *Client) StreamState(ctx context.Context, stream string, version int64) (v1.StreamState, error) {
	return get[v1.StreamState](ctx, c, "/v1/streams/"+url.PathEscape(stream)+"/state", versions("version", version))
}

// StreamDiff returns in which fields the states of a stream at two versions differ; from 0 is before its first event, to 0 its
// last version.
func (c *Client) StreamDiff(ctx context.Context, stream string, from, to int64) (v1.StreamDiff, error) {
	query := versions("to", to)
	query.Set("from", strconv.FormatInt(from, 10))
	return get[v1.StreamDiff](ctx, c, "/v1/streams/"+url.PathEscape(stream)+"/diff", query)
}

func versions(name string, version int64) url.Values {
	if version == 0 {
		return url.Values{}
	}
	return url.Values{name: {strconv.FormatInt(version, 10)}}
}

// OrdersAsOf asks for the list of orders as of then. It answers at once: see Frozen until its status is done.
func (c *Client) OrdersAsOf(ctx context.Context, asOf string) (v1.Frozen, error) {
	return get[v1.Frozen](ctx, c, "/v1/orders", url.Values{"as_of": {asOf}})
}

// Frozen tells how far a frozen generation of a read model is.
func (c *Client) Frozen(ctx context.Context, name string, frozen int64) (v1.Frozen, error) {
	return get[v1.Frozen](ctx, c, "/v1/projections/"+url.PathEscape(name)+"/frozen/"+strconv.FormatInt(frozen, 10), nil)
}
