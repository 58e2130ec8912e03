package checkout

import (
	"slices"

	"ordermill/domain/inventory"
	"ordermill/domain/order"
)

// reserve holds all lines softly, or none.
func (s *step) reserve() bool {
	written, short := inventory.ReserveAll(s.stock(), s.hold("reserve"))
	if len(short) > 0 {
		s.remember(StockRejected{Shortages: shortages(short)})
		return false
	}
	s.write(written)
	s.remember(StockReserved{})
	return true
}

// secure holds all lines for good, taking anew what ran out.
func (s *step) secure() bool {
	written, short := inventory.SecureAll(s.stock(), s.hold("secure"))
	if len(short) > 0 {
		s.remember(StockLost{Shortages: shortages(short)})
		return false
	}
	s.write(written)
	s.remember(StockSecured{})
	return true
}

// release gives up what may be held.
func (s *step) release(reason string) {
	switch s.Memory.Stock {
	case StockIsReserved, StockIsSecured, StockIsLost:
	default:
		return
	}
	var skus []string
	for _, line := range s.Order.Lines {
		skus = append(skus, line.SKU)
	}
	s.write(inventory.ReleaseAll(s.stock(), s.OrderID, skus, reason, s.Now))
	s.remember(StockReleased{})
}

// commitShipped takes out of the stock what left with shipments and is still held: an order holds what was not committed.
func (s *step) commitShipped() {
	for _, line := range s.Order.Lines {
		shipped := s.Order.Shipped(line.LineID)
		if shipped == 0 {
			continue
		}
		done := line.Quantity - s.stock()(line.SKU).Reservations[s.OrderID].Quantity
		for _, shipment := range s.Order.Shipments {
			for _, l := range shipment.Lines {
				if l.LineID != line.LineID {
					continue
				}
				already := min(done, l.Quantity)
				done -= already
				s.commit(line.SKU, shipment.ShipmentID, l.Quantity-already)
			}
		}
	}
}

func (s *step) commit(sku, shipmentID string, quantity int64) {
	if quantity == 0 {
		return
	}
	events := must(inventory.Decider.Decide(s.stock()(sku), inventory.Commit{
		OrderID: s.OrderID, ShipmentID: shipmentID, Quantity: quantity, Now: s.Now}))
	s.write([]inventory.SKUEvents{{SKU: sku, Events: events}})
}

// write says something to SKUs, each of which stands in the outcome once.
func (s *step) write(written []inventory.SKUEvents) {
	for _, w := range written {
		same := func(said inventory.SKUEvents) bool { return said.SKU == w.SKU }
		if i := slices.IndexFunc(s.said.Stock, same); i >= 0 {
			s.said.Stock[i].Events = append(s.said.Stock[i].Events, w.Events...)
		} else {
			s.said.Stock = append(s.said.Stock, w)
		}
	}
}

// stock is what is there after what this step said so far.
func (s *step) stock() inventory.Stock {
	return inventory.After(s.Stock, s.OrderID, s.said.Stock)
}

// hold asks for every line. A step may reserve and secure: the purpose keeps the ids of new reservations apart.
func (s *step) hold(purpose string) inventory.Hold {
	hold := inventory.Hold{OrderID: s.OrderID, Now: s.Now, ExpiresAt: s.Now + s.PaymentWindow + s.HoldGrace}
	for _, line := range s.Order.Lines {
		hold.Lines = append(hold.Lines, inventory.Line{
			SKU: line.SKU, Quantity: line.Quantity, ReservationID: s.NewID(purpose, line.SKU),
		})
	}
	return hold
}

func shortages(short []inventory.Shortage) (all []order.Shortage) {
	for _, l := range short {
		all = append(all, order.Shortage(l))
	}
	return all
}
