package history

import (
	"fmt"
	"strings"
	"time"

	"ordermill/domain/checkout"
	"ordermill/domain/inventory"
	"ordermill/domain/money"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// sentence tells an event to people.
func sentence(e Entry) string {
	switch fact := e.fact.(type) {
	case order.Event:
		return orderSentence(fact)
	case payment.Event:
		return paymentSentence(fact)
	case checkout.Event:
		return checkoutSentence(fact)
	case inventory.Event:
		_, sku, _ := strings.Cut(e.Stream, "-")
		return stockSentence(sku, fact)
	case payment.ClaimEvent:
		return "The identity of this money is taken, so that a copy of its letter changes nothing."
	}
	return "This program cannot read this event."
}

func orderSentence(event order.Event) string {
	switch e := event.(type) {
	case order.Placed:
		return fmt.Sprintf("The order was placed: %s, %s.", plural(int64(len(e.Lines)), "line"), money.Format(e.GrandTotalMinor, e.Currency))
	case order.Rejected:
		return fmt.Sprintf("The order was rejected: %s%s.", words(e.Reason), shortOf(e.Shortages))
	case order.PaymentAwaited:
		return fmt.Sprintf("The order waits for its money until %s.", clock(e.PayBy))
	case order.Confirmed:
		return "The order was confirmed: paid, and its goods are set aside."
	case order.ConfirmationSent:
		return fmt.Sprintf("The customer was told (%s).", e.Channel)
	case order.Cancelled:
		return fmt.Sprintf("The order was cancelled: %s.", words(e.Reason))
	case order.Expired:
		return "The order expired: its money did not come in time."
	case order.Shipped:
		units := int64(0)
		for _, l := range e.Lines {
			units += l.Quantity
		}
		if e.Final {
			return fmt.Sprintf("Shipment %s left with the last %s.", e.ShipmentID, plural(units, "unit"))
		}
		return fmt.Sprintf("Shipment %s left with %s.", e.ShipmentID, plural(units, "unit"))
	case order.Delivered:
		return fmt.Sprintf("Shipment %s arrived.", e.ShipmentID)
	case order.Completed:
		return "The order is complete: everything was delivered."
	}
	return ""
}

func paymentSentence(event payment.Event) string {
	switch e := event.(type) {
	case payment.Captured:
		if e.FromOrderID != "" {
			return fmt.Sprintf("%s came here from order %s, by hand.", money.Format(e.AmountMinor, e.Currency), e.FromOrderID)
		}
		return fmt.Sprintf("%s arrived (%s).", money.Format(e.AmountMinor, e.Currency), e.Source)
	case payment.Reassigned:
		return fmt.Sprintf("The money of capture %s was moved to order %s, by hand.", e.CaptureID, e.ToOrderID)
	case payment.Matched:
		if e.ExcessMinor > 0 {
			return "The money was counted for the order; it was more than was due."
		}
		return "The money was counted for the order."
	case payment.Unmatched:
		return fmt.Sprintf("Nobody has placed this order. The money waits for it until %s.", clock(e.ParkUntil))
	case payment.Requested:
		return fmt.Sprintf("The customer was asked for %s (request %d).", money.Format(e.AmountMinor, e.Currency), e.Attempt)
	case payment.Failed:
		return fmt.Sprintf("The customer could not pay: %s.", words(e.Code))
	case payment.RequestClosed:
		return fmt.Sprintf("The money is not asked for any more: %s.", words(e.Reason))
	case payment.RefundRequested:
		return fmt.Sprintf("%s is to go back: %s.", money.Format(e.AmountMinor, e.Currency), words(e.Reason))
	case payment.Refunded:
		return fmt.Sprintf("Refund %s was paid out.", e.RefundID)
	case payment.RefundFailed:
		if e.RetryAt == 0 {
			return fmt.Sprintf("Refund %s failed: %s. It is not tried again by itself.", e.RefundID, words(e.Code))
		}
		return fmt.Sprintf("Refund %s failed: %s. It is tried again at %s.", e.RefundID, words(e.Code), clock(e.RetryAt))
	case payment.ReviewRaised:
		return fmt.Sprintf("Somebody has to look: %s.", words(e.Reason))
	case payment.ReviewResolved:
		return fmt.Sprintf("A review was resolved: %s.", words(e.Decision))
	}
	return ""
}

func checkoutSentence(event checkout.Event) string {
	switch e := event.(type) {
	case checkout.StockReserved:
		return "All lines are held for the time being."
	case checkout.StockRejected:
		return fmt.Sprintf("Not all lines could be held%s.", shortOf(e.Shortages))
	case checkout.StockSecured:
		return "All lines are held for good."
	case checkout.StockLost:
		return fmt.Sprintf("The holds had run out and could not be taken anew%s.", shortOf(e.Shortages))
	case checkout.StockReleased:
		return "Nothing is held any more."
	case checkout.DeadlineFired:
		return "The time was up: " + lower(TimerText(e.Deadline))
	case checkout.Finished:
		return fmt.Sprintf("All is cleared up: the order is %s.", words(e.Outcome))
	}
	return ""
}

func stockSentence(sku string, event inventory.Event) string {
	switch e := event.(type) {
	case inventory.Reserved:
		return fmt.Sprintf("%s of %s held until %s.", plural(e.Quantity, "unit"), sku, clock(e.ExpiresAt))
	case inventory.ReservationSecured:
		return fmt.Sprintf("%s of %s held for good.", plural(e.Quantity, "unit"), sku)
	case inventory.ReservationExpired:
		return fmt.Sprintf("The hold on %s of %s ran out.", plural(e.Quantity, "unit"), sku)
	case inventory.Released:
		return fmt.Sprintf("%s of %s given free: %s.", plural(e.Quantity, "unit"), sku, words(e.Reason))
	case inventory.Committed:
		return fmt.Sprintf("%s of %s left the stock with shipment %s.", plural(e.Quantity, "unit"), sku, e.ShipmentID)
	case inventory.ItemRegistered, inventory.Received, inventory.Adjusted, inventory.LowStockReached, inventory.Restocked: // no order's
	}
	return ""
}

// TimerText says to people what happens when a timer runs out.
func TimerText(d checkout.Deadline) string {
	switch d.Timer {
	case checkout.TimerPayment:
		return "Unless it is paid, the order expires."
	case checkout.TimerRetry:
		return fmt.Sprintf("Refund %s is tried again.", d.Ref)
	case checkout.TimerConfirm:
		return fmt.Sprintf("If nobody has said what became of refund %s, it is asked about.", d.Ref)
	case checkout.TimerUnmatched:
		return "Unless its order is placed, the money goes back."
	}
	return d.String()
}

// waitingFor says in one line what the order waits for.
func waitingFor(s *Story) string {
	sums := checkout.Sums(s.Order, s.Account)
	line := ""
	switch checkout.WaitingFor(s.Order, s.Account) {
	case checkout.WaitingForOrder:
		line = fmt.Sprintf("%s has arrived and waits for its order", money.Format(sums.CapturedMinor, sums.Currency))
	case checkout.WaitingForStock:
		line = "Its stock is about to be looked at"
	case checkout.WaitingForPayment:
		line = fmt.Sprintf("It waits for %s", money.Format(sums.OutstandingMinor, sums.Currency))
	case checkout.WaitingForShipment:
		line = "It waits to be shipped"
	case checkout.WaitingForDelivery:
		line = "It waits to arrive"
	case checkout.WaitingForRefund:
		line = fmt.Sprintf("%s is on its way back", money.Format(sums.RefundPendingMinor, sums.Currency))
	default:
		line = "It waits for nothing"
	}
	if len(s.Pending) > 0 {
		line += ", until " + clock(s.Pending[0].At)
	}
	if s.Account.NeedsReview() {
		line += "; and somebody has to look at its money"
	}
	return line + "."
}

func lower(sentence string) string { return strings.ToLower(sentence[:1]) + sentence[1:] }

// words is a code as people read it.
func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05 UTC") }

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func shortOf(shortages []order.Shortage) string {
	var all []string
	for _, s := range shortages {
		all = append(all, fmt.Sprintf("%d of %s asked for, %d available", s.Requested, s.SKU, s.Available))
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, "; ") + ")"
}
