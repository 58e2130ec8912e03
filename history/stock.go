package history

import (
	"cmp"
	"context"
	"slices"

	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/eventstore"
)

// Sums are units of a SKU, or by how much they changed.
type Sums struct{ OnHand, Reserved, Allocated int64 }

// Movement is one event of a SKU's stock.
type Movement struct {
	eventstore.Record
	OrderID   string // "" if it is no order's
	Reference string // id of the stock receipt, adjustment, shipment or reservation
	Delta     Sums
	After     Sums
}

// Movements returns at most limit events of a SKU's stock after a version, oldest first, with the sums after each; more tells
// that there are others. The sums are folded from the stream's start, so a page costs as much as all that came before it.
func (h *History) Movements(ctx context.Context, sku string, after int64, limit int) (page []Movement, more bool, err error) {
	state := inventory.Decider.Initial()
	err = h.each(ctx, eventstore.Stream(inventory.Category, sku), 0, func(record eventstore.Record, fact decider.Event) bool {
		event, ok := fact.(inventory.Event)
		if more = len(page) == limit; more || !ok {
			return !more
		}
		before := sums(state)
		state = inventory.Decider.Evolve(state, event)
		if record.Version > after {
			now := sums(state)
			m := Movement{Record: record, After: now,
				Delta: Sums{now.OnHand - before.OnHand, now.Reserved - before.Reserved, now.Allocated - before.Allocated}}
			m.OrderID, m.Reference = about(event)
			page = append(page, m)
		}
		return true
	})
	if err == nil && !state.Exists() {
		err = ErrNotFound
	}
	return page, more, err
}

func sums(s inventory.State) Sums { return Sums{s.OnHand, s.Reserved, s.Allocated} }

// about is whose order an event of a stock is, and the id of what moved it.
func about(event inventory.Event) (orderID, reference string) {
	switch e := event.(type) {
	case inventory.Received:
		return "", e.StockReceiptID
	case inventory.Adjusted:
		return "", e.AdjustmentID
	case inventory.Reserved:
		return e.OrderID, e.ReservationID
	case inventory.ReservationSecured:
		return e.OrderID, e.ReservationID
	case inventory.ReservationExpired:
		return e.OrderID, e.ReservationID
	case inventory.Released:
		return e.OrderID, e.ReservationID
	case inventory.Committed:
		return e.OrderID, e.ShipmentID
	case inventory.ItemRegistered, inventory.LowStockReached, inventory.Restocked:
	}
	return "", ""
}

// Reservation is units of a SKU that an order holds.
type Reservation struct {
	OrderID string
	inventory.Reservation
}

// Reservations returns the open reservations of a SKU by order id, and the position of its last event. One that is overdue is
// there until a decision on the SKU ends it.
func (h *History) Reservations(ctx context.Context, sku string) (open []Reservation, position int64, err error) {
	state, position, err := h.stockNow(ctx, sku)
	if err == nil && !state.Exists() {
		err = ErrNotFound
	}
	for orderID, r := range state.Reservations {
		open = append(open, Reservation{orderID, r})
	}
	slices.SortFunc(open, func(a, b Reservation) int { return cmp.Compare(a.OrderID, b.OrderID) })
	return open, position, err
}

// stockNow is a SKU's stock at the log's head. What commands cannot load, for an event that this program cannot read, is folded
// without that event.
func (h *History) stockNow(ctx context.Context, sku string) (state inventory.State, position int64, err error) {
	if h.stocks != nil {
		if state, position, err = h.stocks.Stock(ctx, sku); err == nil {
			return state, position, nil
		}
	}
	state = inventory.Decider.Initial()
	err = h.each(ctx, eventstore.Stream(inventory.Category, sku), 0, func(record eventstore.Record, fact decider.Event) bool {
		if event, ok := fact.(inventory.Event); ok {
			state = inventory.Decider.Evolve(state, event)
		}
		position = record.Position
		return true
	})
	return state, position, err
}
