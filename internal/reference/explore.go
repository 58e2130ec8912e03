package main

import (
	"fmt"
	"slices"
	"strings"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
)

// explore lets everything that may happen to a shop happen, in any order, until nothing new comes of it, and tells every append: the
// shop before it, and its events.
func explore(may []happening, visit func(before shop, events []decider.Event)) error {
	start := newShop()
	seen, happened := map[string]bool{start.summary(): true}, make([]bool, len(may))
	for open := []shop{start}; len(open) > 0; open = open[1:] {
		s := open[0]
		next := func(after shop) {
			if summary := after.summary(); !seen[summary] {
				seen[summary] = true
				open = append(open, after)
			}
		}
		for i, happen := range may {
			for _, events := range happen.appends(s) {
				if len(events) > 0 {
					happened[i] = true
					visit(s, events)
					next(s.after(events...))
				}
			}
		}
		s.late = true
		next(s)
	}
	if never := slices.Index(happened, false); never >= 0 {
		return fmt.Errorf("%q never happens: it is written wrongly, or its arrows are missing", may[never].name)
	}
	return nil
}

// summary is what decides where a shop can go. Shops with one summary are taken for the same: whole states would never end.
func (s shop) summary() string {
	sums := checkout.Sums(s.order, s.account)
	request, _ := s.account.LastRequest()
	var captures, fired []string
	for _, c := range s.account.Captures {
		captures = append(captures, s.account.Outcome(c))
	}
	slices.Sort(captures)
	for _, d := range s.memory.Fired {
		fired = append(fired, d.Timer)
	}
	return fmt.Sprint(s.order.Status, s.order.Fulfillment(), sums, captures,
		len(s.account.Requests), request.Open(), request.Closed != "", len(s.account.Refunds), len(s.account.Reviews),
		s.memory.Stock, s.memory.Outcome, strings.Join(fired, " "), s.stock.Reservations[theOrder].Quantity,
		s.stock.Reservations[theOrder].ExpiresAt > s.now(), s.stock.Reservations[theOrder].ExpiresAt == 0, s.stock.Available(s.now()), s.late)
}
