package history

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// readAtMost bounds how many events of stocks are looked at to find an order's, over all its SKUs together.
const readAtMost = 20_000

// Story is what happened around one order, and what it waits for.
type Story struct {
	OrderID    string
	Order      order.State
	Account    payment.State
	Memory     checkout.State
	Entries    []Entry            // oldest first
	Waits      []Wait             // what it waited for, in order; the last may go on
	Pending    []checkout.Pending // timers, soonest first
	WaitingFor string             // one line for people
	Position   int64              // of the last entry
	// Truncated: so much happened to its SKUs since it was placed that not all of it was looked through; events of stocks may be missing.
	Truncated bool
}

// Entry is an event of the story.
type Entry struct {
	eventstore.Record
	Text string // a sentence for people
	fact decider.Event
}

// Wait is a time in which the order waited for one thing.
type Wait struct {
	For   string // checkout.WaitingFor...
	Since time.Time
	Until time.Time // zero: it still does
}

// Story tells an order's: all of its streams order-, payment- and checkout-, what it held in the stock of its SKUs, and the
// claims of its money's identities. ErrNotFound if nothing ever happened to it.
func (h *History) Story(ctx context.Context, orderID string) (*Story, error) {
	s := &Story{OrderID: orderID}
	for _, category := range []string{order.Category, payment.Category, checkout.Category} {
		err := h.each(ctx, eventstore.Stream(category, orderID), 0, func(record eventstore.Record, fact decider.Event) bool {
			s.Entries = append(s.Entries, Entry{Record: record, fact: fact})
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	if len(s.Entries) == 0 {
		return nil, ErrNotFound
	}
	s.sort()
	s.fold()
	if err := h.claims(ctx, s); err != nil {
		return nil, err
	}
	if err := h.stock(ctx, s); err != nil {
		return nil, err
	}
	s.sort()
	for i := range s.Entries {
		s.Entries[i].Text = sentence(s.Entries[i])
	}
	s.Pending = checkout.Deadlines(s.Order, s.Account, s.Memory)
	s.WaitingFor = waitingFor(s)
	s.Position = s.Entries[len(s.Entries)-1].Position
	return s, nil
}

func (s *Story) sort() {
	slices.SortFunc(s.Entries, func(a, b Entry) int { return cmp.Compare(a.Position, b.Position) })
}

// fold moves the states over the order's own events, and notes after each command what the order waits for.
func (s *Story) fold() {
	for i, e := range s.Entries {
		switch fact := e.fact.(type) {
		case order.Event:
			s.Order = order.Decider.Evolve(s.Order, fact)
		case payment.Event:
			s.Account = payment.Decider.Evolve(s.Account, fact)
		case checkout.Event:
			s.Memory = checkout.Evolve(s.Memory, fact)
		}
		if i == len(s.Entries)-1 || s.Entries[i+1].CommandID != e.CommandID {
			s.waits(checkout.WaitingFor(s.Order, s.Account), e.RecordedAt)
		}
	}
}

// waits notes that from at on the order waits for something, or nothing.
func (s *Story) waits(what string, at time.Time) {
	if n := len(s.Waits); n > 0 && s.Waits[n-1].Until.IsZero() {
		if s.Waits[n-1].For == what {
			return
		}
		s.Waits[n-1].Until = at
	}
	if what != checkout.WaitingForNothing {
		s.Waits = append(s.Waits, Wait{For: what, Since: at})
	}
}

// claimedNear is how far from a capture its claim can stand: they are of one command, which writes little else.
const claimedNear = 4

// claims adds the claims of the captures' identities: each is a neighbour of its capture, in the same append.
func (h *History) claims(ctx context.Context, s *Story) error {
	for _, e := range s.Entries {
		if e.Type != payment.CapturedType {
			continue
		}
		near, err := h.log.Read(ctx, eventstore.Query{After: max(e.Position-claimedNear-1, 0), Limit: 2*claimedNear + 1})
		if err != nil {
			return err
		}
		for _, record := range near {
			if record.Type == payment.ClaimedType && record.CommandID == e.CommandID {
				fact, _ := codec.Decode(record) // as in each
				s.Entries = append(s.Entries, Entry{Record: record, fact: fact})
			}
		}
	}
	return nil
}

// stock adds what the order held in the stock of its SKUs. An order's stock moves no more once it has ended and holds nothing.
func (h *History) stock(ctx context.Context, s *Story) error {
	placed, settled := int64(0), int64(math.MaxInt64)
	for _, e := range s.Entries {
		if e.Type == order.PlacedType {
			placed = e.Position
		}
		if _, ok := e.fact.(order.Event); ok && s.Order.Terminal() {
			settled = e.Position
		}
	}
	left := readAtMost
	for _, line := range s.Order.Lines {
		stream := eventstore.Stream(inventory.Category, line.SKU)
		from, err := h.versionAt(ctx, stream, placed)
		if err != nil {
			return err
		}
		held := int64(0)
		err = h.each(ctx, stream, from, func(record eventstore.Record, fact decider.Event) bool {
			if record.Position > settled && held == 0 {
				return false
			}
			if left--; left < 0 {
				s.Truncated = true
				return false
			}
			event, ok := fact.(inventory.Event)
			if orderID, _ := about(event); ok && orderID == s.OrderID {
				held += holds(event)
				s.Entries = append(s.Entries, Entry{Record: record, fact: fact})
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// holds is by how much an event changes what its order holds.
func holds(event inventory.Event) int64 {
	switch e := event.(type) {
	case inventory.Reserved:
		return e.Quantity
	case inventory.ReservationExpired:
		return -e.Quantity
	case inventory.Released:
		return -e.Quantity
	case inventory.Committed:
		return -e.Quantity
	case inventory.ItemRegistered, inventory.Received, inventory.Adjusted, inventory.ReservationSecured, inventory.LowStockReached, inventory.Restocked:
	}
	return 0
}
