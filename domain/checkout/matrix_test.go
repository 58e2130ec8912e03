package checkout_test

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/domaintest"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/eventstore/codec"
)

// TestMatrix walks every pair of a state and something that happens to it from outside, and compares what follows with the
// table. A step runs through the state "securing", so that shows as an order whose money is there and not looked at yet.
func TestMatrix(t *testing.T) {
	table := readMatrix(t)
	seen := matrixSeen{types: map[string]bool{}, statuses: map[string]bool{}, timers: map[string]bool{}, decisions: map[string]bool{}}
	for _, state := range matrixStates {
		t.Run(state.name, func(t *testing.T) {
			base := state.make(t)
			seen.statuses[base.of("o").order.Status] = true
			idle := consequences(base, nil, base.step("o"))
			require.Equal(t, table["nothing"][state.name], idle, "what is left to do if nothing happens")
			for _, happening := range matrixHappenings {
				t.Run(happening.name, func(t *testing.T) {
					want, listed := table[happening.name][state.name]
					require.True(t, listed, "the table has no cell for this pair")
					s := state.make(t)
					events := happening.do(s)
					if len(events) == 0 {
						require.Equal(t, "x", want, "its stream does not allow it here")
						return
					}
					said := s.step("o")
					got := consequences(s, events, said)
					require.False(t, swallowed(events, got, idle), "a money event was swallowed: %s", domaintest.Told(t, events))
					require.Equal(t, want, beside(idle, got))
					seen.note(events, said)
				})
			}
		})
	}
	seen.complete(t)
}

// swallowed reports whether nothing follows from something that must have a consequence in every state.
func swallowed(events []decider.Event, got, idle string) bool {
	for _, event := range events {
		switch e := event.(type) {
		case payment.Captured, payment.RefundFailed:
			return got == idle
		case checkout.DeadlineFired:
			return e.Timer != checkout.TimerPayment && got == idle
		}
	}
	return false
}

func TestMatrix_swallowedMoney_isFound(t *testing.T) {
	for _, event := range []decider.Event{captured("c", 1), givenUp, up(retryOf(2)), up(confirmOf(1)), parkUp} {
		require.True(t, swallowed([]decider.Event{event}, "reserve", "reserve"), "%T", event)
		require.False(t, swallowed([]decider.Event{event}, "match reserve", "reserve"), "%T", event)
	}
	require.False(t, swallowed([]decider.Event{windowUp, order.Cancelled{}, payment.Refunded{}}, "", ""))
}

// beside tells what follows beside what was left to do anyway, each word with a plus; "." is nothing. If something of what was
// left is not done, it tells all that is.
func beside(idle, got string) string {
	more := strings.Fields(got)
	for word := range strings.FieldsSeq(idle) {
		i := slices.Index(more, word)
		if i < 0 {
			return got
		}
		more = slices.Delete(more, i, i+1)
	}
	if len(more) == 0 {
		return "."
	}
	return "+" + strings.Join(more, " +")
}

// consequences tells in a line what follows from events: what the step says, what the provider is asked, which try of a refund
// waits, and what a person is asked.
func consequences(s *shop, events, said []decider.Event) string {
	var words []string
	o := s.of("o")
	for _, event := range events {
		if ask, wanted := checkout.AskFor(event, o.account); wanted {
			words = append(words, "ask:"+ask.What)
		}
		if review, ok := event.(payment.ReviewRaised); ok {
			words = append(words, "review:"+review.Reason)
		}
		if failure, ok := event.(payment.RefundFailed); ok && slices.ContainsFunc(checkout.Deadlines(o.order, o.account, o.memory),
			func(p checkout.Pending) bool { return p.Timer == checkout.TimerRetry && p.Ref == failure.RefundID }) {
			words = append(words, "T3")
		}
	}
	for _, event := range said {
		if word := wordFor(event); word != "" {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// wordFor tells an event of a step; events that never come alone have no word.
func wordFor(event decider.Event) string {
	switch e := event.(type) {
	case on:
		if _, left := e.Event.(inventory.Committed); left {
			return "commit"
		}
		return ""
	case payment.RefundRequested:
		return "refund:" + e.Reason
	case payment.ReviewRaised:
		return "review:" + e.Reason
	case order.Rejected:
		return "reject:" + e.Reason
	case order.Cancelled:
		return "cancel:" + e.Reason
	case order.PaymentAwaited, checkout.StockRejected, checkout.StockLost, checkout.StockReleased, payment.RequestClosed:
		return ""
	}
	return map[string]string{
		payment.UnmatchedType: "park", payment.MatchedType: "match", payment.RequestedType: "request",
		checkout.StockReservedType: "reserve", checkout.StockSecuredType: "secure", checkout.FinishedType: "close",
		order.ConfirmedType: "confirm", order.ExpiredType: "expire", order.CompletedType: "complete",
	}[event.EventType()]
}

// matrixState is a state of an order, with a foreign refund "f" of 5 under way and one of 3, "kk", that a review kept.
type matrixState struct {
	name string
	make func(t *testing.T) *shop
}

func matrixHistory(history ...decider.Event) func(t *testing.T) *shop {
	return func(t *testing.T) *shop {
		s := given(t, slices.Concat([]decider.Event{
			euros("e", 5), payment.RefundRequested{RefundID: "f", CaptureID: "e", AmountMinor: 5, Currency: "EUR", Reason: "r", ConfirmBy: 60},
			euros("k", 3), payment.RefundRequested{RefundID: "kk", CaptureID: "k", AmountMinor: 3, Currency: "EUR", Reason: "r", ConfirmBy: 60},
			payment.ReviewResolved{ReviewID: "old", Decision: "dismiss", RefundID: "kk"},
		}, history)...)
		s.now = 7
		return s
	}
}

// stepped is a state after its step.
func stepped(history ...decider.Event) func(t *testing.T) *shop {
	return func(t *testing.T) *shop {
		s := matrixHistory(history...)(t)
		s.step("o")
		return s
	}
}

var takenByAnother = on{"A", inventory.Reserved{ReservationID: "x", OrderID: "other", Quantity: 10, ExpiresAt: math.MaxInt64}}

var matrixStates = []matrixState{
	{"-", matrixHistory()},
	{"reserving", matrixHistory(placed)},
	{"sold out", matrixHistory(takenByAnother, placed)},
	{"awaiting", matrixHistory(awaiting()...)},
	{"securing", matrixHistory(awaiting(captured("c", 2500))...)},
	{"lost", matrixHistory(awaiting(on{"A", inventory.ReservationExpired{ReservationID: "0:reserve:A", OrderID: "o", Quantity: 2}},
		takenByAnother, captured("c", 2500))...)},
	{"confirmed", matrixHistory(confirmed()...)},
	{"completed", matrixHistory(completed()...)},
	{"rejected", stepped(takenByAnother, placed)},
	{"expired", stepped(awaiting(windowUp)...)},
	{"cancelled", stepped(awaiting(order.Cancelled{Reason: "r"})...)},
}

// matrixSeen is what the walk met, to be compared with what there is.
type matrixSeen struct{ types, statuses, timers, decisions map[string]bool }

func (seen matrixSeen) note(happened, said []decider.Event) {
	for _, event := range slices.Concat(happened, said) {
		seen.types[event.EventType()] = true
		if fired, ok := event.(checkout.DeadlineFired); ok {
			seen.timers[fired.Timer] = true
		}
	}
}

// complete fails if the code has an event, a status, a timer or a review's reason that the walk did not meet: whoever adds one
// adds a row or a column.
func (seen matrixSeen) complete(t *testing.T) {
	for _, kind := range codec.Types() {
		switch kind.Category {
		case order.Category, payment.Category, checkout.Category:
			require.True(t, seen.types[kind.Name], "no pair of the matrix has %s: add a row to it", kind.Name)
		}
	}
	for _, status := range constants(t, "../order", "Status") {
		require.True(t, seen.statuses[status], "no column of the matrix is %s: add one", status)
	}
	for _, timer := range constants(t, "../checkout", "Timer") {
		require.True(t, seen.timers[timer], "no pair of the matrix has the timer %s: add a row", timer)
	}
	var rows []string
	for _, happening := range matrixHappenings {
		rows = append(rows, happening.name)
	}
	for _, reason := range constants(t, "../payment", "Review") {
		for _, decision := range constants(t, "../payment", "Decide") {
			require.Contains(t, rows, reason+" "+decision, "the matrix needs a row for this answer to a review")
		}
	}
}

// readMatrix reads the table by row and column.
func readMatrix(t *testing.T) map[string]map[string]string {
	page, err := os.ReadFile("testdata/matrix.md")
	require.NoError(t, err)
	table := map[string]map[string]string{}
	var columns []string
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|\n"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		if columns == nil {
			columns = cells
			continue
		}
		require.Len(t, cells, len(columns), line)
		require.NotContains(t, table, cells[0], "two rows of one name")
		table[cells[0]] = map[string]string{}
		for i, cell := range cells[1:] {
			table[cells[0]][columns[i+1]] = cell
		}
	}
	require.Len(t, table, len(matrixHappenings)+1, "rows without something that happens")
	require.Len(t, columns, len(matrixStates)+1, "columns without a state")
	return table
}
