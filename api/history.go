package api

import (
	"context"
	"errors"
	"strconv"

	"ordermill/api/v1"
	"ordermill/domain/checkout"
	"ordermill/eventstore"
	"ordermill/history"
)

type skuPage struct {
	Paging
	SKU string `path:"sku" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
}

type timelineQuery struct {
	ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"order id"`
}

// registerHistory registers what is read from the streams themselves, and so is never behind.
func (a *API) registerHistory() {
	handle(a, get("/v1/inventory/{sku}/movements", "inventory", "list-movements", "List everything that moved a SKU's stock, oldest first, with running sums"), a.listMovements)
	handle(a, get("/v1/inventory/{sku}/reservations", "inventory", "list-reservations", "List the orders that hold units of a SKU"), a.listReservations)
	handle(a, get("/v1/orders/{id}/timeline", "orders", "get-timeline", "See everything that happened around an order, who has handled it, and what it waits for"), a.timeline)
}

func (a *API) listMovements(ctx context.Context, in *skuPage) (*Page[v1.Movement], error) {
	list := "movements " + in.SKU
	after, err := cursorVersion(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, more, err := a.History.Movements(ctx, in.SKU, after, in.Limit)
	if err != nil {
		return nil, a.historyFailed(ctx, err, "no product with this SKU was ever registered")
	}
	next := ""
	if more {
		next = cursorFor(list, strconv.FormatInt(found[len(found)-1].Version, 10))
	}
	items := make([]v1.Movement, len(found))
	for i, m := range found {
		items[i] = v1.Movement{Position: m.Position, Type: m.Type, At: timeOf(m.RecordedAt), Delta: v1.StockSums(m.Delta), After: v1.StockSums(m.After),
			OrderID: m.OrderID, Reference: m.Reference}
	}
	return page("/v1/inventory/"+in.SKU+"/movements", in.Limit, next, items), nil
}

// cursorVersion reads a cursor that goes on after a version of a stream; 0 is the start.
func cursorVersion(list, cursor string) (int64, error) {
	key, err := cursorKey(list, cursor)
	if err != nil || key == "" {
		return 0, err
	}
	version, err := strconv.ParseInt(key, 10, 64)
	if err != nil || version < 1 {
		return 0, badCursor()
	}
	return version, nil
}

func (a *API) listReservations(ctx context.Context, in *skuPage) (*Page[v1.Reservation], error) {
	open, _, err := a.History.Reservations(ctx, in.SKU)
	if err != nil {
		return nil, a.historyFailed(ctx, err, "no product with this SKU was ever registered")
	}
	items := make([]v1.Reservation, len(open))
	for i, r := range open {
		items[i] = v1.Reservation{OrderID: r.OrderID, ReservationID: r.ReservationID, Quantity: r.Quantity, Kind: "soft", ExpiresAt: millis(r.ExpiresAt)}
		if r.ExpiresAt == 0 {
			items[i].Kind = "hard"
		}
	}
	return pageOf("/v1/inventory/"+in.SKU+"/reservations", &in.Paging, items, func(r v1.Reservation) string { return r.OrderID })
}

func (a *API) timeline(ctx context.Context, in *timelineQuery) (*One[v1.Timeline], error) {
	story, err := a.History.Story(ctx, in.ID)
	if err != nil {
		return nil, a.historyFailed(ctx, err, "nothing ever happened to an order with this id")
	}
	out := v1.Timeline{OrderID: story.OrderID, Status: story.Order.Status, PaymentStatus: checkout.PaymentStatus(story.Order, story.Account),
		WaitingFor: story.WaitingFor, Items: []v1.TimelineEntry{}, Waits: []v1.TimelineWait{}, Timers: []v1.TimelineTimer{},
		Position: story.Position, Truncated: story.Truncated}
	for _, w := range story.Waits {
		out.Waits = append(out.Waits, v1.TimelineWait{For: w.For, Since: timeOf(w.Since), Until: timeOf(w.Until)})
	}
	for _, p := range story.Pending {
		out.Timers = append(out.Timers, v1.TimelineTimer{Timer: p.Timer, Ref: p.Ref, Attempt: p.Attempt, DueAt: millis(p.At), Text: history.TimerText(p.Deadline)})
	}
	track, err := a.tracker(ctx)
	if err != nil {
		return nil, err
	}
	known := map[sameBatch]v1.TrackedEvent{}
	for _, e := range story.Entries {
		way, ok := known[sameBatch{e.CommandID.String(), e.Stream}]
		if !ok {
			if way, err = track.event(ctx, e.Record); err != nil {
				return nil, a.readFailed(ctx, err)
			}
			known[sameBatch{e.CommandID.String(), e.Stream}] = way
		}
		out.Items = append(out.Items, v1.TimelineEntry{Position: e.Position, At: timeOf(e.RecordedAt), Stream: e.Stream, Type: e.Type, Text: e.Text,
			Data: e.Data, Published: way.Published, Deliveries: way.Handled})
	}
	return &One[v1.Timeline]{Body: out}, nil
}

// sameBatch is what goes one way through every consumer: a command's events come in one batch, and those of one stream mostly
// have one key. So an order of many lines is looked up stream by stream, not event by event.
type sameBatch struct{ command, stream string }

func (a *API) historyFailed(ctx context.Context, err error, nothing string) error {
	switch {
	case errors.Is(err, history.ErrNotFound):
		return fail(v1.NotFound, nothing)
	case errors.Is(err, eventstore.ErrUnavailable):
		return a.readFailed(ctx, err)
	}
	return err
}
