package main

import (
	"cmp"
	"slices"
	"strings"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// machine is one status of an order, and all that can happen to it.
type machine struct {
	category string // of the events that are its own
	may      []happening
	at       func(s shop) string // the status; "": there is none yet, or no more
}

var (
	orderMachine = machine{order.Category, goods, func(s shop) string { return s.order.Status }}

	accountMachine = machine{payment.Category, refunds, func(s shop) string {
		if !s.order.Exists() && len(s.account.Captures) == 0 {
			return ""
		}
		return checkout.PaymentStatus(s.order, s.account)
	}}

	reservationMachine = machine{inventory.Category, goods, func(s shop) string {
		switch r, open := s.stock.Reservations[theOrder]; {
		case !open:
			return ""
		case r.ExpiresAt == 0:
			return "hard"
		default:
			return "soft"
		}
	}}

	checkoutMachine = machine{checkout.Category, goods, phase}
)

// phase is where the checkout is with an order: the rows of its table, and two that last until its next step. Overdue is an
// order whose time to pay has run out, closing is one that ends.
func phase(s shop) string {
	switch {
	case s.memory.Finished():
		return s.memory.Outcome
	case !s.order.Exists():
		return ""
	case s.order.Closed(), !slices.Contains([]string{"", checkout.StockIsReserved, checkout.StockIsSecured}, s.memory.Stock):
		return "closing"
	case s.memory.Stock == "":
		return "reserving"
	case s.memory.Stock == checkout.StockIsSecured:
		return "confirmed"
	case checkout.Sums(s.order, s.account).OutstandingMinor == 0:
		return "securing"
	}
	if first, _ := s.account.FirstRequest(); s.memory.HasFired(checkout.Deadline{Timer: checkout.TimerPayment, Ref: first.RequestID, Attempt: 1}) {
		return "overdue"
	}
	return "awaiting_payment"
}

// walk explores a machine: every change of its status, and the events of its own that never make one. Events of one append are
// looked at one by one, as they stand in the log.
func (m machine) walk() (edges []edge, still []string, err error) {
	var statuses []string // in the order in which they were met
	moves := map[string]bool{}
	err = explore(m.may, func(s shop, events []decider.Event) {
		for _, event := range events {
			after := s.after(event)
			e := edge{m.at(s), m.at(after), event.EventType()}
			if !slices.Contains(statuses, e.From) {
				statuses = append(statuses, e.From)
			}
			if e.From != e.To && !slices.Contains(edges, e) {
				edges = append(edges, e)
			}
			moves[e.Event] = moves[e.Event] || e.From != e.To
			s = after
		}
	})
	for event, moved := range moves {
		if category, _, _ := strings.Cut(event, "."); category == m.category && !moved {
			still = append(still, event)
		}
	}
	slices.Sort(still)
	rank := func(status string) int { return slices.Index(statuses, status) }
	slices.SortStableFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(rank(a.From), rank(b.From)), cmp.Compare(rank(a.To), rank(b.To)), cmp.Compare(a.Event, b.Event))
	})
	return edges, still, err
}
