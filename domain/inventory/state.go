package inventory

import (
	"cmp"
	"slices"
)

// Category of a SKU's stock stream, inventory-{sku}.
const Category = "inventory"

// State is a SKU's stock as its stream tells; the zero State is a SKU that nobody registered.
type State struct {
	SKU               string `json:"sku"`
	OnHand            int64  `json:"on_hand"`
	Reserved          int64  `json:"reserved"`  // held softly, until an expiry
	Allocated         int64  `json:"allocated"` // held hard, paid for
	SafetyStock       int64  `json:"safety_stock"`
	LowStockThreshold int64  `json:"low_stock_threshold"`
	LowReached        bool   `json:"low_reached,omitempty"` // low stock was told, and no restocking since
	// Reservations are the open ones by order id: an order holds a SKU at most once.
	Reservations map[string]Reservation `json:"reservations,omitempty"`
	// StockReceipts are the quantities received, by stock receipt id.
	StockReceipts map[string]int64 `json:"stock_receipts,omitempty"`
	// Expiries are the soft reservations, soonest first. One that was resolved stays until it comes to the front or until most
	// are such, so a decision looks at no more than what is overdue, however many reservations are open.
	Expiries []Expiry `json:"expiries,omitempty"`
}

// Reservation is units held for an order.
type Reservation struct {
	ReservationID string `json:"reservation_id"`
	Quantity      int64  `json:"quantity"`             // what has not left with a shipment
	ExpiresAt     int64  `json:"expires_at,omitempty"` // ms since 1970; 0: hard, it does not expire
}

// Expiry says when an order's soft reservation ends.
type Expiry struct {
	At            int64  `json:"at"` // ms since 1970
	OrderID       string `json:"order_id"`
	ReservationID string `json:"reservation_id"`
}

// Exists reports whether the SKU was registered.
func (s State) Exists() bool { return s.SKU != "" }

// Available is what can be promised at a time (ms since 1970). Overdue reservations count against nobody.
func (s State) Available(now int64) int64 {
	free := s.OnHand - s.Reserved - s.Allocated - s.SafetyStock
	for _, e := range s.overdue(now) {
		free += e.Quantity
	}
	return max(0, free)
}

// Low reports whether no more is available than the SKU's threshold.
func (s State) Low(now int64) bool { return s.Exists() && s.Available(now) <= s.LowStockThreshold }

// overdue tells the soft reservations whose time is up, soonest first, as the events that end them.
func (s State) overdue(now int64) (events []ReservationExpired) {
	for _, e := range s.Expiries {
		if e.At > now {
			break
		}
		if s.soft(e) {
			quantity := s.Reservations[e.OrderID].Quantity
			events = append(events, ReservationExpired{ReservationID: e.ReservationID, OrderID: e.OrderID, Quantity: quantity})
		}
	}
	return events
}

// soft reports whether an expiry's reservation is still open and still soft.
func (s State) soft(e Expiry) bool {
	r, open := s.Reservations[e.OrderID]
	return open && r.ReservationID == e.ReservationID && r.ExpiresAt != 0
}

func evolve(s State, event Event) State {
	switch e := event.(type) {
	case ItemRegistered:
		s.SKU, s.SafetyStock, s.LowStockThreshold = e.SKU, e.SafetyStock, e.LowStockThreshold
	case Received:
		s.OnHand += e.Quantity
		if s.StockReceipts == nil {
			s.StockReceipts = map[string]int64{}
		}
		s.StockReceipts[e.StockReceiptID] = e.Quantity
	case Reserved:
		s.Reserved += e.Quantity
		if s.Reservations == nil {
			s.Reservations = map[string]Reservation{}
		}
		s.Reservations[e.OrderID] = Reservation{ReservationID: e.ReservationID, Quantity: e.Quantity, ExpiresAt: e.ExpiresAt}
		expiry := Expiry{At: e.ExpiresAt, OrderID: e.OrderID, ReservationID: e.ReservationID}
		place, _ := slices.BinarySearchFunc(s.Expiries, expiry, compareExpiries)
		s.Expiries = slices.Insert(s.Expiries, place, expiry)
	case ReservationSecured:
		s.Reserved -= e.Quantity
		s.Allocated += e.Quantity
		s.Reservations[e.OrderID] = Reservation{ReservationID: e.ReservationID, Quantity: e.Quantity}
		s = s.trimmed()
	case ReservationExpired:
		s.Reserved -= e.Quantity
		delete(s.Reservations, e.OrderID)
		s = s.trimmed()
	case Released: // one that is not known, as in a view without hard reservations, was hard
		if s.Reservations[e.OrderID].ExpiresAt == 0 {
			s.Allocated -= e.Quantity
		} else {
			s.Reserved -= e.Quantity
		}
		delete(s.Reservations, e.OrderID)
		s = s.trimmed()
	case Adjusted:
		s.OnHand += e.Delta
	case Committed:
		s.OnHand -= e.Quantity
		s.Allocated -= e.Quantity
		if r, open := s.Reservations[e.OrderID]; open && r.Quantity > e.Quantity {
			r.Quantity -= e.Quantity
			s.Reservations[e.OrderID] = r
		} else {
			delete(s.Reservations, e.OrderID)
		}
	case LowStockReached:
		s.LowReached = true
	case Restocked:
		s.LowReached = false
	}
	return s
}

// manyExpiries is how many may be there, beside two for each open reservation, before all of them are looked through.
const manyExpiries = 16

// trimmed drops expiries whose reservation is resolved: from the front at once; of the others, which one order that never pays
// may keep from coming there, all when they are most.
func (s State) trimmed() State {
	for len(s.Expiries) > 0 && !s.soft(s.Expiries[0]) {
		s.Expiries = s.Expiries[1:]
	}
	if len(s.Expiries) > manyExpiries+2*len(s.Reservations) {
		s.Expiries = slices.DeleteFunc(s.Expiries, func(e Expiry) bool { return !s.soft(e) })
	}
	return s
}

func compareExpiries(a, b Expiry) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ReservationID, b.ReservationID))
}

// seen is the state after events as one order can see it: all sums, but of the reservations only its own. So a step that
// decides twice on a SKU need not copy ten thousand reservations. Every overdue reservation must have been expired by the
// events, which each decision does first.
func (s State) seen(orderID string, events []Event) State {
	view := s
	view.Reservations, view.Expiries, view.StockReceipts = map[string]Reservation{}, nil, nil
	if r, open := s.Reservations[orderID]; open {
		view.Reservations[orderID] = r
	}
	for _, event := range events {
		view = evolve(view, event)
	}
	return view
}
