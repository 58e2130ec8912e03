package inventory

import (
	"fmt"

	"ordermill/domain/decider"
	"ordermill/domain/money"
)

// MaxQuantity is the most units that one receipt or one order's line can have.
const MaxQuantity = 1_000_000

// Command asks for a change of a SKU's stock.
//
//sumtype:decl
type Command interface{ command() }

type (
	// RegisterItem makes a SKU stockable, in the same append as its product.
	RegisterItem struct {
		SKU                            string
		SafetyStock, LowStockThreshold int64
	}
	// Receive takes goods in. The same stock receipt again is nothing new.
	Receive struct {
		StockReceiptID string
		Quantity       int64
		Now            int64 // ms since 1970, as in every command
	}
	// Reserve holds units softly for an order that holds none of this SKU.
	Reserve struct {
		ReservationID, OrderID string
		Quantity               int64
		ExpiresAt, Now         int64
	}
	// Secure makes an order's reservation hard. One that is overdue or gone is taken anew, by the other members.
	Secure struct {
		ReservationID, OrderID string
		Quantity               int64
		ExpiresAt, Now         int64
	}
	// Release gives up what an order holds, if it holds anything.
	Release struct {
		OrderID, Reason string
		Now             int64
	}
	// Adjust corrects the stock on hand. It never takes away what orders hold.
	Adjust struct {
		AdjustmentID string
		Delta        int64
		Reason       string // a code
		Now          int64
	}
	// Commit takes units out of an order's hard reservation and out of the house.
	Commit struct {
		OrderID, ShipmentID string
		Quantity            int64
		Now                 int64
	}
)

func (RegisterItem) command() {}
func (Receive) command()      {}
func (Reserve) command()      {}
func (Secure) command()       {}
func (Release) command()      {}
func (Adjust) command()       {}
func (Commit) command()       {}

// Decider is the rules of inventory-{sku}.
var Decider = decider.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Evolve:  evolve,
	Decide:  decide,
}

// decide adds to what a command leads to that the stock has become low, or is not any more.
func decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case RegisterItem:
		return registerItem(s, c)
	case Receive:
		events, err := receive(s, c)
		return s.watched(events, "", c.Now), err
	case Reserve:
		events, err := reserve(s, c)
		return s.watched(events, c.OrderID, c.Now), err
	case Secure:
		events, err := secure(s, c)
		return s.watched(events, c.OrderID, c.Now), err
	case Release:
		return s.watched(release(s, c), c.OrderID, c.Now), nil
	case Adjust:
		events, err := adjust(s, c)
		return s.watched(events, "", c.Now), err
	case Commit:
		events, err := commit(s, c)
		return s.watched(events, c.OrderID, c.Now), err
	}
	return nil, nil
}

// watched tells the edge after the events of a decision about an order: low stock is told once, and its end.
func (s State) watched(events []Event, orderID string, now int64) []Event {
	if len(events) == 0 {
		return nil
	}
	after := s.seen(orderID, events)
	switch low := after.Low(now); {
	case low && !s.LowReached && !s.Low(now):
		return append(events, LowStockReached{after.Available(now)})
	case !low && s.LowReached:
		return append(events, Restocked{after.Available(now)})
	}
	return events
}

func registerItem(s State, c RegisterItem) ([]Event, error) {
	if s.Exists() {
		return nil, decider.Refuse("sku-taken", "stock of this SKU is registered already")
	}
	var wrong decider.Fields
	wrong.ID("/sku", c.SKU)
	wrong.Range("/safety_stock", c.SafetyStock, 0, money.Max, "0 or more")
	wrong.Range("/low_stock_threshold", c.LowStockThreshold, 0, money.Max, "0 or more")
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	return []Event{ItemRegistered(c)}, nil
}

func receive(s State, c Receive) ([]Event, error) {
	if !s.Exists() {
		return nil, unknownSKU()
	}
	var wrong decider.Fields
	wrong.ID("/stock_receipt_id", c.StockReceiptID)
	wrong.Range("/quantity", c.Quantity, 1, MaxQuantity, "1 to 1,000,000")
	wrong.Range("/quantity", s.OnHand, 0, money.Max-MaxQuantity, "the stock on hand would exceed 2^53-1")
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	if quantity, known := s.StockReceipts[c.StockReceiptID]; known {
		if quantity != c.Quantity {
			return nil, decider.Refuse("stock-receipt-conflict", "this stock receipt was recorded with another quantity")
		}
		return nil, nil
	}
	return append(expire(s, c.Now), Received{c.StockReceiptID, c.Quantity}), nil
}

// expire ends what is overdue, before anything else is decided.
func expire(s State, now int64) (events []Event) {
	for _, e := range s.overdue(now) {
		events = append(events, e)
	}
	return events
}

func reserve(s State, c Reserve) ([]Event, error) {
	if _, live := s.held(c.OrderID, c.Now); live {
		return nil, nil
	}
	if available := s.Available(c.Now); available < c.Quantity {
		return nil, decider.Refuse("out-of-stock", fmt.Sprintf("%d asked for, %d available", c.Quantity, available))
	}
	return append(expire(s, c.Now), Reserved{c.ReservationID, c.OrderID, c.Quantity, c.ExpiresAt}), nil
}

func secure(s State, c Secure) ([]Event, error) {
	r, live := s.held(c.OrderID, c.Now)
	switch {
	case live && r.ExpiresAt == 0:
		return nil, nil
	case live:
		return append(expire(s, c.Now), ReservationSecured{r.ReservationID, c.OrderID, r.Quantity}), nil
	}
	events, err := reserve(s, Reserve(c))
	if err != nil {
		return nil, err
	}
	return append(events, ReservationSecured{c.ReservationID, c.OrderID, c.Quantity}), nil
}

// release says of an overdue reservation that it expired, as of any other.
func release(s State, c Release) []Event {
	events := expire(s, c.Now)
	if r, live := s.held(c.OrderID, c.Now); live {
		events = append(events, Released{r.ReservationID, c.OrderID, r.Quantity, c.Reason})
	}
	return events
}

func adjust(s State, c Adjust) ([]Event, error) {
	if !s.Exists() {
		return nil, unknownSKU()
	}
	var wrong decider.Fields
	wrong.ID("/reason", c.Reason)
	switch {
	case c.Delta == 0 || c.Delta < -MaxQuantity || c.Delta > MaxQuantity:
		wrong.Add("/delta", "out-of-range", "-1,000,000 to 1,000,000, not 0")
	case s.OnHand+c.Delta > money.Max:
		wrong.Add("/delta", "out-of-range", "the stock on hand would exceed 2^53-1")
	}
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	events := expire(s, c.Now)
	after := s.seen("", events)
	if held := after.Reserved + after.Allocated; s.OnHand+c.Delta < held {
		refusal := decider.Refuse("would-break-reservations", fmt.Sprintf("%d are on hand and %d of them are held for orders", s.OnHand, held))
		refusal.Extra = map[string]any{"on_hand": s.OnHand, "held": held}
		return nil, refusal
	}
	return append(events, Adjusted{c.AdjustmentID, c.Delta, c.Reason}), nil
}

func unknownSKU() error {
	return decider.Refuse("unknown-sku", "no product is registered with this SKU; register it first")
}

func commit(s State, c Commit) ([]Event, error) {
	r, live := s.held(c.OrderID, c.Now)
	if !live || r.ExpiresAt != 0 || c.Quantity < 1 || c.Quantity > r.Quantity {
		return nil, decider.Refuse("not-held", "the order does not hold that many of this SKU for good")
	}
	return append(expire(s, c.Now), Committed{r.ReservationID, c.OrderID, c.ShipmentID, c.Quantity}), nil
}

// held returns an order's reservation; live means that it counts at this time.
func (s State) held(orderID string, now int64) (r Reservation, live bool) {
	r, open := s.Reservations[orderID]
	return r, open && (r.ExpiresAt == 0 || r.ExpiresAt > now)
}
