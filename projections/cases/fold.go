package cases

import (
	"ordermill/domain/payment"
	"ordermill/projections"
)

// fold moves a case on. An event with two cases comes here once for each; the row, or the event that begins it, tells which.
func fold(row Row, event projections.Event) Row {
	at, orderID := event.RecordedAt.UnixMilli(), event.StreamID()
	row.UpdatedAt, row.Position = at, event.Position
	fact := event.Fact.(payment.Event) // keys lets nothing else in
	switch e := fact.(type) {
	case payment.Captured:
		if row.Kind != "" {
			return row // money that waited on another account: that account's event says that it has moved
		}
		row.Kind, row.OrderID, row.ReceivedAt = Unmatched, orderID, at
	case payment.Unmatched:
		row.OrderID, row.OpenedAt = orderID, at
		row.Account.Captures[0].ToOrderID = ""
	case payment.Matched, payment.Reassigned:
		if row.OrderID != orderID {
			return row // the account to which the money has moved says what becomes of it there
		}
	case payment.RefundRequested:
		if row.Kind == "" {
			row.Kind, row.OrderID, row.OpenedAt = Refund, orderID, at
		}
	case payment.ReviewRaised:
		row.Kind, row.OrderID, row.OpenedAt, row.Review = Review, orderID, at, payment.Review(e)
	case payment.ReviewResolved:
		row.Decision = e.Decision
	case payment.Refunded, payment.RefundFailed: // the account's state has it
	case payment.Requested, payment.Failed, payment.RequestClosed: // of no case, see keys
	}
	row.Account = payment.Decider.Evolve(row.Account, fact)
	row.Status = row.status()
	return row
}

func (r Row) status() string {
	switch {
	case r.Kind == Unmatched:
		return r.Account.Outcome(r.Capture())
	case r.Kind == Refund:
		return r.Refund().Status
	case r.Decision == "":
		return Open
	}
	return Resolved
}
