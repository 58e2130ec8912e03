package inventory

// Stock gives the state of a SKU's stock.
type Stock func(sku string) State

// SKUEvents are the events that a decision over several SKUs writes to one of them.
type SKUEvents struct {
	SKU    string
	Events []Event
}

// Line is one SKU of an order. ReservationID is used if the units have to be taken now.
type Line struct {
	SKU           string
	Quantity      int64
	ReservationID string
}

// Hold is what ReserveAll and SecureAll are asked for; each SKU stands in one line.
type Hold struct {
	OrderID   string
	Lines     []Line
	ExpiresAt int64 // of a soft reservation, ms since 1970
	Now       int64
}

// Shortage is a SKU of which less is available than was asked for.
type Shortage struct {
	SKU       string
	Requested int64
	Available int64
}

// ReserveAll holds all lines softly, or none: if anything is short, no SKU is written to.
func ReserveAll(stock Stock, hold Hold) ([]SKUEvents, []Shortage) {
	return all(stock, hold, func(l Line) Command {
		return Reserve{l.ReservationID, hold.OrderID, l.Quantity, hold.ExpiresAt, hold.Now}
	})
}

// SecureAll makes all lines hard, taking overdue ones anew, or none: if anything is short, no SKU is written to.
func SecureAll(stock Stock, hold Hold) ([]SKUEvents, []Shortage) {
	return all(stock, hold, func(l Line) Command {
		return Secure{l.ReservationID, hold.OrderID, l.Quantity, hold.ExpiresAt, hold.Now}
	})
}

func all(stock Stock, hold Hold, command func(Line) Command) (written []SKUEvents, short []Shortage) {
	for _, l := range hold.Lines {
		s := stock(l.SKU)
		events, err := decide(s, command(l))
		if err != nil { // the one refusal there is: not enough
			short = append(short, Shortage{l.SKU, l.Quantity, s.Available(hold.Now)})
		}
		written = add(written, l.SKU, events)
	}
	if len(short) > 0 {
		return nil, short
	}
	return written, nil
}

// ReleaseAll gives up whatever the order holds of these SKUs.
func ReleaseAll(stock Stock, orderID string, skus []string, reason string, now int64) (written []SKUEvents) {
	for _, sku := range skus {
		events, _ := decide(stock(sku), Release{orderID, reason, now}) // giving up is never refused
		written = add(written, sku, events)
	}
	return written
}

func add(written []SKUEvents, sku string, events []Event) []SKUEvents {
	if len(events) == 0 {
		return written
	}
	return append(written, SKUEvents{sku, events})
}

// After is the stock as one order sees it after a decision over several SKUs, so that a second one can follow at the same
// time. The states behind stock stay as they are.
func After(stock Stock, orderID string, written []SKUEvents) Stock {
	return func(sku string) State {
		for _, w := range written {
			if w.SKU == sku {
				return stock(sku).seen(orderID, w.Events)
			}
		}
		return stock(sku)
	}
}
