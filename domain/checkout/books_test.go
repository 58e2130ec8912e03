package checkout_test

import (
	"fmt"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// books keeps its own account of stock, orders and money, from the events alone, and finds where the shop's states, or the
// events themselves, break an invariant. An error begins with the invariant's number.
type books struct {
	shop   *shop
	stock  map[string]*stockBook
	orders map[string]*orderBook
	money  map[string]*moneyBook
	where  map[string]string // captures, and on whose account they are; "": on its way to another
}

type stockBook struct {
	in, out int64 // received and adjusted; committed
	holds   map[string]*holdBook
}

type holdBook struct {
	orderID string
	left    int64
	hard    bool
}

type orderBook struct {
	ended   string // the terminal event
	lines   map[string]int64
	shipped map[string]int64
}

type moneyBook struct {
	captures map[string]*captureBook
	refunds  map[string]*refundBook
}

type captureBook struct {
	amount         int64
	currency       string
	matched, moved bool
}

type refundBook struct {
	captureID string
	amount    int64
	currency  string
	status    string
	reversed  bool // it failed after it had gone
}

func newBooks(s *shop) *books {
	return &books{shop: s, stock: map[string]*stockBook{}, orders: map[string]*orderBook{}, money: map[string]*moneyBook{}, where: map[string]string{}}
}

// note writes down an event that the shop has folded.
func (b *books) note(orderID string, event decider.Event) error {
	switch e := event.(type) {
	case on:
		return b.noteStock(e)
	case order.Event:
		return b.noteOrder(orderID, e)
	case payment.Event:
		if err := b.noteMoney(orderID, e); err != nil {
			return err
		}
		return b.moneyAddsUp(orderID)
	}
	return nil
}

// bookOf finds a book, or opens it.
func bookOf[B any](all map[string]*B, key string, open B) *B {
	if all[key] == nil {
		all[key] = &open
	}
	return all[key]
}

func (b *books) noteStock(e on) error {
	book := bookOf(b.stock, e.SKU, stockBook{holds: map[string]*holdBook{}})
	if err := book.note(e.Event); err != nil {
		return fmt.Errorf("%w, on %s", err, e.SKU)
	}
	s := b.shop.stock[e.SKU]
	var soft, hard int64
	for id, hold := range book.holds {
		if hold.hard {
			hard += hold.left
		} else {
			soft += hold.left
		}
		if r := s.Reservations[hold.orderID]; hold.left > 0 && (r.ReservationID != id || r.Quantity != hold.left || (r.ExpiresAt == 0) != hold.hard) {
			return fmt.Errorf("I2: %s is %+v, the state has %+v", id, *hold, r)
		}
	}
	switch {
	case s.OnHand < 0 || s.OnHand-s.Reserved-s.Allocated < 0:
		return fmt.Errorf("I1: more of %s is promised than there is: %+v", e.SKU, s)
	case soft != s.Reserved || hard != s.Allocated:
		return fmt.Errorf("I2: of %s %d and %d are held, the sums are %d and %d", e.SKU, soft, hard, s.Reserved, s.Allocated)
	case s.OnHand != book.in-book.out:
		return fmt.Errorf("I4: %d of %s are on hand, %d came and %d left", s.OnHand, e.SKU, book.in, book.out)
	}
	return nil
}

func (book *stockBook) note(event inventory.Event) error {
	switch e := event.(type) {
	case inventory.Received:
		book.in += e.Quantity
	case inventory.Adjusted:
		book.in += e.Delta
	case inventory.Reserved:
		if book.holds[e.ReservationID] != nil {
			return fmt.Errorf("I3: reservation %s was made twice", e.ReservationID)
		}
		book.holds[e.ReservationID] = &holdBook{orderID: e.OrderID, left: e.Quantity}
	case inventory.ReservationSecured:
		hold := book.holds[e.ReservationID]
		if hold == nil || hold.hard || hold.left != e.Quantity {
			return fmt.Errorf("I3: %+v was secured as %+v", hold, e)
		}
		hold.hard = true
	case inventory.ReservationExpired:
		if hold := book.holds[e.ReservationID]; hold != nil && hold.hard {
			return fmt.Errorf("I3: %s is paid for and expired", e.ReservationID)
		}
		return book.resolve(e.ReservationID, e.Quantity, true)
	case inventory.Released:
		return book.resolve(e.ReservationID, e.Quantity, true)
	case inventory.Committed:
		book.out += e.Quantity
		return book.resolve(e.ReservationID, e.Quantity, false)
	case inventory.ItemRegistered, inventory.LowStockReached, inventory.Restocked:
	}
	return nil
}

// resolve takes units out of a reservation, each of them once.
func (book *stockBook) resolve(reservationID string, quantity int64, whole bool) error {
	hold := book.holds[reservationID]
	if hold == nil || quantity < 1 || quantity > hold.left || whole && quantity != hold.left {
		return fmt.Errorf("I3: %d units of reservation %s ended, it is %+v", quantity, reservationID, hold)
	}
	hold.left -= quantity
	return nil
}

func (b *books) noteOrder(orderID string, event order.Event) error {
	book := bookOf(b.orders, orderID, orderBook{lines: map[string]int64{}, shipped: map[string]int64{}})
	switch event.(type) {
	case order.Delivered, order.ConfirmationSent:
	default:
		if book.ended != "" {
			return fmt.Errorf("I10: %s after %s", event.EventType(), book.ended)
		}
	}
	switch e := event.(type) {
	case order.Placed:
		var total int64
		for _, l := range e.Lines {
			total += l.TotalMinor
			book.lines[l.LineID] = l.Quantity
		}
		if total != e.GrandTotalMinor {
			return fmt.Errorf("I9: the lines add up to %d, the order to %d", total, e.GrandTotalMinor)
		}
	case order.Shipped:
		for _, l := range e.Lines {
			if book.shipped[l.LineID] += l.Quantity; book.shipped[l.LineID] > book.lines[l.LineID] {
				return fmt.Errorf("I6: %d of %d shipped of line %s", book.shipped[l.LineID], book.lines[l.LineID], l.LineID)
			}
		}
	case order.Rejected, order.Cancelled, order.Expired, order.Completed:
		book.ended = event.EventType()
	case order.PaymentAwaited, order.Confirmed, order.ConfirmationSent, order.Delivered:
	}
	return nil
}

func (b *books) noteMoney(orderID string, event payment.Event) error {
	book := bookOf(b.money, orderID, moneyBook{map[string]*captureBook{}, map[string]*refundBook{}})
	switch e := event.(type) {
	case payment.Captured:
		if where, known := b.where[e.CaptureID]; known && (where != "" || e.FromOrderID == "") {
			return fmt.Errorf("I18: capture %s is on the account of %q already", e.CaptureID, where)
		}
		b.where[e.CaptureID] = orderID
		book.captures[e.CaptureID] = &captureBook{amount: e.AmountMinor, currency: e.Currency}
	case payment.Reassigned:
		if b.where[e.CaptureID] != orderID {
			return fmt.Errorf("I18: capture %s was moved, and is not here", e.CaptureID)
		}
		b.where[e.CaptureID] = ""
		book.captures[e.CaptureID].moved = true
	case payment.Matched:
		c := book.captures[e.CaptureID]
		switch {
		case c == nil || c.matched || c.moved:
			return fmt.Errorf("I18: %+v was counted as %+v", c, e)
		case c.currency != b.shop.of(orderID).order.Currency:
			return fmt.Errorf("I17: %s was counted for an order in another currency", c.currency)
		case e.AppliedMinor < 0 || e.ExcessMinor < 0 || e.AppliedMinor+e.ExcessMinor > c.amount:
			return fmt.Errorf("I7: %+v was counted as %+v", *c, e)
		}
		c.matched = true
	case payment.RefundRequested:
		c := book.captures[e.CaptureID]
		if c == nil || c.currency != e.Currency {
			return fmt.Errorf("I17: of %+v goes back %+v", c, e)
		}
		if book.refunds[e.RefundID] != nil {
			return fmt.Errorf("I20: refund %s was requested twice", e.RefundID)
		}
		book.refunds[e.RefundID] = &refundBook{e.CaptureID, e.AmountMinor, e.Currency, payment.RefundOpen, false}
	case payment.Refunded:
		book.refunds[e.RefundID].status = payment.RefundDone
	case payment.ReviewRaised:
		if r := book.refunds[e.RefundID]; r != nil && e.Reason == payment.ReviewRefundReversed {
			r.reversed = true
		}
	case payment.ReviewResolved:
		return book.decided(e)
	case payment.Unmatched, payment.Requested, payment.Failed, payment.RequestClosed, payment.RefundFailed:
	}
	return nil
}

// decided follows a person's decision about a refund. Money that is gone, or was kept, is decided about again only if it came back.
func (book *moneyBook) decided(e payment.ReviewResolved) error {
	r := book.refunds[e.RefundID]
	if r == nil || e.Decision == payment.DecideApply {
		return nil
	}
	if r.status != payment.RefundOpen && !r.reversed {
		return fmt.Errorf("I8: of refund %s, %s, it was decided to %s", e.RefundID, r.status, e.Decision)
	}
	r.status, r.reversed = payment.RefundOpen, false
	if e.Decision == payment.DecideDismiss {
		r.status = payment.RefundKept
	}
	return nil
}

// moneyAddsUp compares an account with what it should be: of no capture goes back more than came, and sums are per currency.
func (b *books) moneyAddsUp(orderID string) error {
	book, account := b.money[orderID], b.shop.of(orderID).account
	captured, refunded, pending := map[string]int64{}, map[string]int64{}, map[string]int64{}
	back := map[string]int64{}
	for _, r := range book.refunds {
		switch r.status {
		case payment.RefundDone:
			refunded[r.currency] += r.amount
			back[r.captureID] += r.amount
		case payment.RefundOpen:
			pending[r.currency] += r.amount
			back[r.captureID] += r.amount
		}
	}
	for id, c := range book.captures {
		if c.moved {
			c = &captureBook{currency: c.currency}
		}
		captured[c.currency] += c.amount
		if back[id] > c.amount {
			return fmt.Errorf("I8: of capture %s, %d, %d went back or is to", id, c.amount, back[id])
		}
	}
	for currency := range captured {
		sums := account.Sums(payment.Terms{Currency: currency, Exists: true})
		if sums.BalanceMinor() != captured[currency]-refunded[currency] || sums.RefundPendingMinor != pending[currency] {
			return fmt.Errorf("I7: %s: %d came, %d went, %d is to go; the account says %+v",
				currency, captured[currency], refunded[currency], pending[currency], sums)
		}
	}
	return nil
}

// stepHolds checks what a step said as a whole. free is what was available of each SKU before it, counted by hand.
func (b *books) stepHolds(orderID string, free map[string]int64, said []decider.Event) error {
	o := b.shop.of(orderID)
	taken := map[string]int64{}
	var moved bool
	for _, event := range said {
		if e, ok := event.(on); ok {
			moved = true
			if r, ok := e.Event.(inventory.Reserved); ok {
				taken[e.SKU] += r.Quantity
			}
		}
	}
	for _, event := range said {
		switch e := event.(type) {
		case checkout.StockReserved:
			for _, l := range o.order.Lines {
				if taken[l.SKU] != l.Quantity {
					return fmt.Errorf("I5: %d of %d of %s were reserved", taken[l.SKU], l.Quantity, l.SKU)
				}
			}
		case checkout.StockRejected:
			if moved {
				return fmt.Errorf("I21: a refused reservation wrote to SKU streams")
			}
			return shortOf(e.Shortages, free)
		case checkout.StockLost:
			if len(taken) > 0 {
				return fmt.Errorf("I5: part of the stock was taken anew: %v", taken)
			}
		case order.Confirmed:
			return b.confirmedHolds(orderID)
		}
	}
	return nil
}

// shortOf wants each shortage to be one: overdue holds never block.
func shortOf(shortages []order.Shortage, free map[string]int64) error {
	for _, s := range shortages {
		if s.Available >= s.Requested || s.Available != free[s.SKU] {
			return fmt.Errorf("I19: refused for want of %+v, and %d are free", s, free[s.SKU])
		}
	}
	return nil
}

// confirmedHolds: fully paid and fully held at that version.
func (b *books) confirmedHolds(orderID string) error {
	o := b.shop.of(orderID)
	if sums := checkout.Sums(o.order, o.account); sums.PaidMinor() != sums.DueMinor {
		return fmt.Errorf("I12: confirmed with %d of %d paid", sums.PaidMinor(), sums.DueMinor)
	}
	for _, l := range o.order.Lines {
		if r := b.shop.stock[l.SKU].Reservations[orderID]; r.Quantity != l.Quantity || r.ExpiresAt != 0 {
			return fmt.Errorf("I12: confirmed with %+v of %+v held", r, l)
		}
	}
	return nil
}

// freeByHand counts what of a SKU can be promised, overdue holds left out.
func (b *books) freeByHand(sku string, now int64) int64 {
	s := b.shop.stock[sku]
	free := s.OnHand - s.SafetyStock
	for _, r := range s.Reservations {
		if r.ExpiresAt == 0 || r.ExpiresAt > now {
			free -= r.Quantity
		}
	}
	return max(0, free)
}

// availableHolds: what is overdue counts against nobody.
func (b *books) availableHolds(sku string, now int64) error {
	if got, free := b.shop.stock[sku].Available(now), b.freeByHand(sku, now); got != free {
		return fmt.Errorf("I19: %d of %s available, %d counted", got, sku, free)
	}
	return nil
}

// restHolds checks an order at rest: nothing is under way any more, no timer waits.
func (b *books) restHolds(orderID string) error {
	o := b.shop.of(orderID)
	switch o.order.Status {
	case "", order.StatusConfirmed, order.StatusCompleted, order.StatusRejected, order.StatusCancelled, order.StatusExpired:
	default:
		return fmt.Errorf("I10: rests as %s", o.order.Status)
	}
	if book := b.orders[orderID]; o.order.Terminal() != (book != nil && book.ended != "") || o.order.Terminal() != o.memory.Finished() {
		return fmt.Errorf("I10: is %s, and its checkout ended as %q", o.order.Status, o.memory.Outcome)
	}
	for sku, book := range b.stock {
		for id, hold := range book.holds {
			if hold.orderID == orderID && hold.left > 0 && o.order.Terminal() {
				return fmt.Errorf("I11: is %s and holds %+v of %s as %s", o.order.Status, *hold, sku, id)
			}
		}
	}
	for _, c := range o.account.Captures {
		if undecided := o.account.Undecided(c); undecided > 0 {
			return fmt.Errorf("I11: nobody has decided about %d of %+v", undecided, c)
		}
		if kept := b.keptOf(orderID, c.CaptureID); o.order.Closed() && o.account.Left(c) > kept {
			return fmt.Errorf("I11: is %s, and of %+v only %d was kept by a review", o.order.Status, c, kept)
		}
	}
	for _, r := range o.account.Refunds {
		if r.Open() && !hasReview(o.account, r.RefundID) {
			return fmt.Errorf("I11: %+v is pending, nobody will try it and nobody is asked", r)
		}
	}
	return nil
}

func (b *books) keptOf(orderID, captureID string) (kept int64) {
	for _, r := range b.money[orderID].refunds {
		if r.captureID == captureID && r.status == payment.RefundKept {
			kept += r.amount
		}
	}
	return kept
}

func hasReview(account payment.State, refundID string) bool {
	for _, r := range account.Reviews {
		if r.RefundID == refundID {
			return true
		}
	}
	return false
}
