package api

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/eventstore"
	"ordermill/internal/jsondiff"
)

type orderExplained struct {
	Paging
	ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"order id"`
}

// registerExplain registers what leads from a row back to the events and commands that made it.
func (a *API) registerExplain() {
	handle(a, get("/v1/orders/{id}/explain", "orders", "explain-order", "See which events made an order what it is, and what each changed, oldest first"),
		func(ctx context.Context, in *orderExplained) (*Page[v1.RowChange], error) {
			return explain(ctx, a, a.orders(), in.ID, in.Paging, "/v1/orders/"+in.ID+"/explain")
		})
	handle(a, get("/v1/orders/{id}/payment/explain", "payments", "explain-payment", "See which events made a payment account what it is, and what each changed, oldest first"),
		func(ctx context.Context, in *orderExplained) (*Page[v1.RowChange], error) {
			return explain(ctx, a, a.accounts(), in.ID, in.Paging, "/v1/orders/"+in.ID+"/payment/explain")
		})
	handle(a, get("/v1/inventory/{sku}/explain", "inventory", "explain-inventory", "See which events made the stock of a SKU what it is, and what each changed, oldest first"),
		func(ctx context.Context, in *skuPage) (*Page[v1.RowChange], error) {
			return explain(ctx, a, a.items(), in.SKU, in.Paging, "/v1/inventory/"+in.SKU+"/explain")
		})
	handle(a, get("/v1/products/{sku}/explain", "products", "explain-product", "See which events made a product what it is, and what each changed, oldest first"),
		func(ctx context.Context, in *skuPage) (*Page[v1.RowChange], error) {
			return explain(ctx, a, a.catalogue(), in.SKU, in.Paging, "/v1/products/"+in.SKU+"/explain")
		})

	change := a.schemas.Map()["FieldChange"].Properties
	for _, side := range []string{"before", "after"} { // any JSON, and null too, which an empty schema does not say to every reader
		anything := &huma.Schema{Description: change[side].Description}
		for _, kind := range []string{huma.TypeObject, huma.TypeArray, huma.TypeString, huma.TypeNumber, huma.TypeBoolean, "null"} {
			anything.AnyOf = append(anything.AnyOf, &huma.Schema{Type: kind})
		}
		change[side] = anything
	}
}

// explain folds a row from the log once more and compares it, as it is shown, before and after each event of the page. It starts
// at the row's first event, so a page costs as much as all that came before it.
func explain[R, T any](ctx context.Context, a *API, v view[R, T], key string, in Paging, path string) (*Page[v1.RowChange], error) {
	after, err := cursorVersion(path, in.Cursor)
	if err != nil {
		return nil, err
	}
	head, err := a.Events.Head(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	var items []v1.RowChange
	var before json.RawMessage // nil while there is nothing to show
	next, any := "", false
	for step, err := range v.of.Trace(ctx, a.Events, key, head.Position) {
		if err != nil {
			return nil, a.queryFailed(ctx, err)
		}
		any = true
		if len(items) == in.Limit {
			next = cursorFor(path, strconv.FormatInt(items[in.Limit-1].Position, 10))
			break
		}
		if step.Position < after {
			continue
		}
		now := json.RawMessage(nil)
		if step.Shown {
			if now, err = json.Marshal(v.render(step.Row)); err != nil {
				return nil, err
			}
		}
		if step.Position > after {
			items = append(items, rowChange(step.Record, before, now))
		}
		before = now
	}
	if !any {
		return nil, fail(v1.NotFound, "nothing ever happened to it")
	}
	out := page(path, in.Limit, next, items)
	out.Position = strconv.FormatInt(head.Position, 10)
	return out, nil
}

func rowChange(r eventstore.Record, before, after json.RawMessage) v1.RowChange {
	var meta eventstore.Metadata
	_ = json.Unmarshal(r.Metadata, &meta) // what is not in it is not told
	change := v1.RowChange{Position: r.Position, Stream: r.Stream, Version: r.Version, EventID: r.EventID.String(), Type: r.Type,
		CommandID: r.CommandID.String(), CausationID: meta.CausationID, CorrelationID: meta.CorrelationID, Actor: meta.Actor,
		RecordedAt: timeOf(r.RecordedAt), Changes: []v1.FieldChange{}}
	for _, c := range jsondiff.Of(before, after) {
		if p := c.Pointer(); p != "/version" && p != "/position" && p != "/updated_at" {
			change.Changes = append(change.Changes, fieldChange(c))
		}
	}
	return change
}

func fieldChange(c jsondiff.Change) v1.FieldChange {
	out := v1.FieldChange{Pointer: c.Pointer(), Before: c.Before, After: c.After}
	if out.Before == nil {
		out.Before = json.RawMessage("null")
	}
	if out.After == nil {
		out.After = json.RawMessage("null")
	}
	return out
}
