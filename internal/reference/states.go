package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"strings"

	"ordermill/domain/payment"
)

//go:embed states.tmpl
var statesTemplate string

// statesPage is what its template is filled with.
type statesPage struct {
	Order, MoneyIn, MoneyBack, Reservation, Checkout string // diagrams
	OrderStill, AccountStill                         string // events that change no status

	root fs.FS
}

// Frames of the diagrams.
var (
	nothingArrived = group{"nothing_arrived", []string{payment.StatusNone, payment.StatusRequested, payment.StatusFailed}}
	goingBack      = group{"going_back", []string{payment.StatusRefundPending, payment.StatusPartiallyRefunded, payment.StatusRefunded}}
	live           = group{"live", []string{"reserving", "awaiting_payment", "overdue", "securing", "confirmed"}}
)

// states draws the state machines, as an exploration of the rules finds them.
func states(root fs.FS) ([]byte, error) {
	page := statesPage{root: root}
	orders, still, err := orderMachine.walk()
	if err != nil {
		return nil, err
	}
	page.Order, page.OrderStill = mermaid(orders, group{}, ends(orders)), listed(still)

	accounts, still, err := accountMachine.walk()
	if err != nil {
		return nil, err
	}
	in, back := halves(accounts)
	page.MoneyIn, page.MoneyBack, page.AccountStill = mermaid(in, nothingArrived, nil), mermaid(back, goingBack, nil), listed(still)

	reservations, _, err := reservationMachine.walk()
	if err != nil {
		return nil, err
	}
	page.Reservation = mermaid(reservations, group{}, nil)

	checkouts, _, err := checkoutMachine.walk()
	if err != nil {
		return nil, err
	}
	page.Checkout = mermaid(checkouts, live, ends(checkouts))
	return filled(statesTemplate, page)
}

// halves parts the account's changes, which are too many for one diagram: until money goes back, and from then on.
func halves(edges []edge) (in, back []edge) {
	for _, e := range edges {
		if goingBack.has(e.From) || goingBack.has(e.To) || e.From == payment.StatusVoided || e.Event == payment.RefundRequestedType {
			back = append(back, e)
		} else {
			in = append(in, e)
		}
	}
	return in, back
}

func listed(events []string) string { return "`" + strings.Join(events, "`, `") + "`" }

// Code links to a name in the code, which must be there.
func (p statesPage) Code(name, file string) (string, error) {
	if err := stands(p.root, name, file); err != nil {
		return "", err
	}
	return fmt.Sprintf("[%s](../%s)", name, file), nil
}
