package order

import (
	"fmt"
	"strconv"

	"ordermill/domain/decider"
)

type (
	// Ship says that goods left the house. Without lines it is all that is left.
	Ship struct {
		ShipmentID        string
		Lines             []ShippedLine
		Carrier, Tracking string // codes, or ""
	}
	// Deliver says that a shipment arrived; once is enough.
	Deliver struct{ ShipmentID string }
)

func (Ship) command()    {}
func (Deliver) command() {}

func ship(s State, c Ship) ([]Event, error) {
	if !s.Exists() {
		return nil, Unknown()
	}
	if err := c.validate(s); err != nil {
		return nil, err
	}
	if _, known := s.Shipment(c.ShipmentID); known {
		return nil, nil
	}
	if s.Status != StatusConfirmed {
		return nil, s.refuse("order-not-confirmed", "only a confirmed order's goods are shipped")
	}
	lines, err := s.parcel(c.Lines)
	if err != nil {
		return nil, err
	}
	shipped := Shipped{ShipmentID: c.ShipmentID, Lines: lines, Carrier: c.Carrier, Tracking: c.Tracking}
	shipped.Final = evolve(s, shipped).Fulfillment() == FullyShipped
	return []Event{shipped}, nil
}

// validate checks the members of a shipment; pointers are those of the REST body.
func (c Ship) validate(s State) error {
	var wrong decider.Fields
	if c.Carrier != "" {
		wrong.ID("/carrier", c.Carrier)
	}
	if c.Tracking != "" {
		wrong.ID("/tracking", c.Tracking)
	}
	for i, l := range c.Lines {
		pointer := "/lines/" + strconv.Itoa(i)
		if _, known := s.Line(l.LineID); !known && s.Placed() {
			wrong.Add(pointer+"/line_id", "unknown-line", "the order has no line with this id")
		}
		wrong.Range(pointer+"/quantity", l.Quantity, 1, MaxQuantity, "1 to 1,000,000")
	}
	return wrong.Refusal()
}

// parcel merges what is to be shipped by line and checks that it is there; nothing named is everything that is left.
func (s State) parcel(asked []ShippedLine) (lines []ShippedLine, err error) {
	for _, l := range s.Lines {
		left := l.Quantity - s.Shipped(l.LineID)
		want := left
		if len(asked) > 0 {
			want = 0
			for _, a := range asked {
				if a.LineID == l.LineID {
					want += a.Quantity
				}
			}
		}
		if want > left {
			return nil, s.refuse("over-shipment", fmt.Sprintf("line %s: %d left to ship", l.LineID, left))
		}
		if want > 0 {
			lines = append(lines, ShippedLine{l.LineID, want})
		}
	}
	if len(lines) == 0 {
		return nil, s.refuse("over-shipment", "everything was shipped already")
	}
	return lines, nil
}

func deliver(s State, c Deliver) ([]Event, error) {
	shipment, known := s.Shipment(c.ShipmentID)
	switch {
	case !s.Exists():
		return nil, Unknown()
	case !known:
		return nil, decider.Refuse("unknown-shipment", "the order has no shipment with this id")
	}
	return when(!shipment.Delivered, Delivered(c))
}
