package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// Whatever a status's constant says is somewhere in the diagram of its machine: the exploration misses none.
func TestStates_everyStatusIsReached(t *testing.T) {
	for file, m := range map[string]machine{"domain/order/state.go": orderMachine, "domain/payment/status.go": accountMachine} {
		edges, _, err := m.walk()
		require.NoError(t, err)
		source, err := os.ReadFile(filepath.Join("../..", file))
		require.NoError(t, err)
		statuses := regexp.MustCompile(`(?m)^\tStatus\w+ += "(\w+)"`).FindAllSubmatch(source, -1)
		require.NotEmpty(t, statuses)
		for _, status := range statuses {
			require.True(t, reached(edges, string(status[1])), "nothing leads to %s", status[1])
		}
	}
}

// Every event of an order is an arrow, or is listed as one that leaves the status as it is.
func TestStates_everyEventOfAnOrderIsThere(t *testing.T) {
	edges, still, err := orderMachine.walk()
	require.NoError(t, err)
	source, err := os.ReadFile("../../domain/order/event.go")
	require.NoError(t, err)
	for _, name := range regexp.MustCompile(`"(order\.\w+)"`).FindAllSubmatch(source, -1) {
		arrow := false
		for _, e := range edges {
			arrow = arrow || e.Event == string(name[1])
		}
		require.True(t, arrow || strings.Contains(listed(still), string(name[1])), "%s never happens", name[1])
	}
}

func reached(edges []edge, status string) bool {
	for _, e := range edges {
		if e.To == status {
			return true
		}
	}
	return false
}

// The rules of an order's stream allow, to any command at any time, what the shop does and nothing else.
func TestOrder_rulesAllowWhatIsDrawn(t *testing.T) {
	commands := []order.Command{
		order.Place{Items: []order.Item{{SKU: theSKU, Quantity: units, Product: &order.Product{SKU: theSKU, PriceMinor: 1, Currency: "USD"}}}},
		order.Place{Letter: true, Items: []order.Item{{SKU: "UNKNOWN", Quantity: 1}}},
		order.Reject{Reason: "r"}, order.AwaitPayment{PayBy: 1}, order.Confirm{}, order.Cancel{Reason: "r"}, order.CancelOnRequest{Reason: "r"},
		order.Expire{}, order.Ship{ShipmentID: "s"}, order.Deliver{ShipmentID: "s"}, order.Complete{},
		order.RecordConfirmationSent{Channel: "mailbox", MessageID: "m"},
	}
	allowed := allowedBy(order.Decider, commands, func(s order.State) string { return s.Status },
		func(s order.State) string { return s.Status + s.Fulfillment() + s.ConfirmationSent })
	drawn, _, err := orderMachine.walk()
	require.NoError(t, err)
	require.ElementsMatch(t, drawn, allowed)
}

// The same of what one order holds of a SKU.
func TestReservation_rulesAllowWhatIsDrawn(t *testing.T) {
	var commands []inventory.Command
	for _, now := range []int64{0, later} {
		commands = append(commands,
			inventory.Reserve{ReservationID: "r", OrderID: theOrder, Quantity: units, ExpiresAt: now + 2, Now: now},
			inventory.Secure{ReservationID: "r", OrderID: theOrder, Quantity: units, ExpiresAt: now + 2, Now: now},
			inventory.Release{OrderID: theOrder, Reason: "r", Now: now},
			inventory.Commit{OrderID: theOrder, ShipmentID: "s", Quantity: 1, Now: now},
			inventory.Adjust{AdjustmentID: "a", Delta: 1, Reason: "r", Now: now})
	}
	registered := inventory.Decider
	registered.Initial = func() inventory.State { return newShop().stock }
	registered.Evolve = func(s inventory.State, e inventory.Event) inventory.State { return shop{stock: s}.after(e).stock }
	at := func(s inventory.State) string { return reservationMachine.at(shop{stock: s}) }
	allowed := allowedBy(registered, commands, at, func(s inventory.State) string {
		r := s.Reservations[theOrder]
		return at(s) + strings.Repeat("+", int(min(s.OnHand, 3*units))) + strings.Repeat("-", int(r.Quantity)) + strings.Repeat("~", int(r.ExpiresAt))
	})
	drawn, _, err := reservationMachine.walk()
	require.NoError(t, err)
	require.ElementsMatch(t, drawn, allowed)
}

// allowedBy explores a decider alone: each of the commands in every state, states with the same key being one.
func allowedBy[S any, C any, E decider.Event](d decider.Decider[S, C, E], commands []C, at, key func(S) string) (all []edge) {
	seen, known := map[string]bool{key(d.Initial()): true}, map[edge]bool{}
	for open := []S{d.Initial()}; len(open) > 0; open = open[1:] {
		for _, command := range commands {
			s := open[0]
			events, _ := d.Decide(s, command)
			for _, event := range events {
				after := d.Evolve(s, event)
				if e := (edge{at(s), at(after), event.EventType()}); e.From != e.To && !known[e] {
					known[e] = true
					all = append(all, e)
				}
				s = after
			}
			if !seen[key(s)] {
				seen[key(s)] = true
				open = append(open, s)
			}
		}
	}
	return all
}

// A happening that is never allowed would leave its arrows out without a word.
func TestExplore_whatNeverHappens_isAnError(t *testing.T) {
	impossible := one("a parcel without an order", func(s shop) []decider.Event { return s.onOrder(order.Ship{ShipmentID: "s"}) })
	_, _, err := machine{order.Category, []happening{impossible}, orderMachine.at}.walk()
	require.EqualError(t, err, `"a parcel without an order" never happens: it is written wrongly, or its arrows are missing`)
}

func TestMermaid_frame_takesWhatLeavesAllOfIt(t *testing.T) {
	edges := []edge{{"", "a", "x.made"}, {"a", "b_c", "x.moved"}, {"a", "d", "x.ended"}, {"b_c", "d", "x.ended"}, {"a", "d", "x.dropped"}, {"a", "d", "x.lost"}}
	require.Equal(t, `stateDiagram-v2
    state "still open" as still_open {
        a --> b_c: x.moved
    }
    [*] --> a: x.made
    still_open --> d: x.ended
    a --> d: x.dropped, x.lost
    d --> [*]`, mermaid(edges, group{"still_open", []string{"a", "b_c"}}, ends(edges)))
}

// What GitHub's renderer takes: names of letters and underscores, and events behind a colon.
func TestStates_diagramsAreMermaid(t *testing.T) {
	page, err := os.ReadFile("../../docs/states.md")
	require.NoError(t, err)
	diagrams := regexp.MustCompile("(?s)```mermaid\n(.*?)\n```").FindAllSubmatch(page, -1)
	require.Len(t, diagrams, 5)
	state := `(\[\*\]|[a-z_]+)`
	line := regexp.MustCompile(`^ +(` + state + ` --> ` + state + `(: [a-z_.]+(, [a-z_.]+)*)?|state "[a-z ]+" as [a-z_]+ \{|\})$`)
	for _, diagram := range diagrams {
		lines := strings.Split(string(diagram[1]), "\n")
		require.Equal(t, "stateDiagram-v2", lines[0])
		for _, l := range lines[1:] {
			require.Regexp(t, line, l)
		}
		require.LessOrEqual(t, strings.Count(string(diagram[1]), "-->"), 20, "nobody can read that many arrows:\n%s", diagram[1])
	}
}

func TestStates_nameThatIsNotInTheCode_isAnError(t *testing.T) {
	_, err := states(changed(t, "domain/checkout/memory.go", "package checkout\n"))
	require.ErrorContains(t, err, "there is no Evolve in domain/checkout/memory.go")
}

// The two diagrams of the account have all of its changes between them, each once.
func TestHalves_noChangeIsLost(t *testing.T) {
	edges, _, err := accountMachine.walk()
	require.NoError(t, err)
	in, back := halves(edges)
	require.ElementsMatch(t, edges, append(in, back...))
	require.Contains(t, in, edge{payment.StatusPartiallyPaid, payment.StatusOverpaid, payment.CapturedType})
	require.Contains(t, back, edge{payment.StatusOverpaid, payment.StatusPaid, payment.RefundRequestedType})
}
