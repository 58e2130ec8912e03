package checkout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// watched is a shop with books, and what they found first.
type watched struct {
	*shop
	books *books
	found error
}

// watch begins as given does, with ten As and ten Bs.
func watch(t *testing.T, history ...decider.Event) *watched {
	w := &watched{shop: newShop(t)}
	w.books = newBooks(w.shop)
	w.seen = func(orderID string, event decider.Event) {
		if err := w.books.note(orderID, event); w.found == nil {
			w.found = err
		}
	}
	for _, sku := range []string{"A", "B"} {
		w.happens("o", on{sku, inventory.ItemRegistered{SKU: sku}}, on{sku, inventory.Received{StockReceiptID: "s", Quantity: 10}})
	}
	w.happens("o", history...)
	return w
}

func (w *watched) step(said ...decider.Event) error {
	return w.books.stepHolds("o", map[string]int64{"A": 10, "B": 10}, said)
}

// tamper changes a SKU's state behind the events, as a broken fold would, and lets the next event come.
func (w *watched) tamper(how func(*inventory.State)) error {
	s := w.stock["A"]
	how(&s)
	w.stock["A"] = s
	w.happens("o", on{"A", inventory.Received{StockReceiptID: "t", Quantity: 1}})
	return w.found
}

// The books can fail: each invariant, broken by a history or a fold that no right rule leads to, is found.
func TestBooks_findWhatIsBroken(t *testing.T) {
	soft, hard := heldAs("r", 100)[0].(on), hardAs("r")[0].(on)
	gone := on{"A", inventory.Released{ReservationID: "r:A", OrderID: "o", Quantity: 2}}
	back := payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 2500, Currency: "USD"}
	wrongTotal := placed
	wrongTotal.GrandTotalMinor++
	history := func(events ...decider.Event) func(*testing.T) error {
		return func(t *testing.T) error { return watch(t, events...).found }
	}
	rest := func(events ...decider.Event) func(*testing.T) error {
		return func(t *testing.T) error {
			w := watch(t, events...)
			require.NoError(t, w.found)
			return w.books.restHolds("o")
		}
	}
	for name, broken := range map[string]func(*testing.T) error{
		"I1, less than nothing is there": history(on{"A", inventory.Adjusted{Delta: -11}}),
		"I1, more is held than there is": history(on{"A", inventory.Reserved{ReservationID: "r", OrderID: "o", Quantity: 11, ExpiresAt: 9}}),
		"I2, a sum is wrong":             func(t *testing.T) error { return watch(t, soft).tamper(func(s *inventory.State) { s.Reserved-- }) },
		"I2, a hold is lost": func(t *testing.T) error {
			return watch(t, soft).tamper(func(s *inventory.State) { clear(s.Reservations) })
		},
		"I3, given up twice":                history(soft, gone, gone),
		"I3, secured twice":                 history(soft, hard, hard),
		"I3, made twice":                    history(soft, soft),
		"I3, more left than was held":       history(soft, hard, on{"A", inventory.Committed{ReservationID: "r:A", OrderID: "o", Quantity: 3}}),
		"I3, paid for and expired":          history(soft, hard, on{"A", inventory.ReservationExpired{ReservationID: "r:A", OrderID: "o", Quantity: 2}}),
		"I4, units came from nowhere":       func(t *testing.T) error { return watch(t).tamper(func(s *inventory.State) { s.OnHand++ }) },
		"I5, not all lines are held":        func(t *testing.T) error { return watch(t, placed).step(soft, checkout.StockReserved{}) },
		"I5, lost, and some taken anew":     func(t *testing.T) error { return watch(t, placed).step(soft, checkout.StockLost{}) },
		"I6, more shipped than ordered":     history(placed, shipped("s", true, order.ShippedLine{LineID: "1", Quantity: 3})),
		"I7, the account is wrong":          brokenAccount,
		"I7, more counted than came":        history(placed, captured("c", 5), payment.Matched{CaptureID: "c", AppliedMinor: 6}),
		"I8, back twice":                    history(captured("c", 2500), back, refund("g", "c", 1, "r")),
		"I8, kept, back twice and then too": history(captured("c", 2500), back, payment.ReviewResolved{RefundID: "f", Decision: "dismiss"}, refund("g", "c", 2500, "r"), payment.Refunded{RefundID: "f"}),
		"I8, gone, and asked for anew":      history(captured("c", 2500), back, payment.Refunded{RefundID: "f"}, payment.ReviewResolved{RefundID: "f", Decision: "refund"}),
		"I9, lines do not add up":           history(wrongTotal),
		"I10, two ends":                     history(placed, order.Expired{}, order.Cancelled{}),
		"I10, goes on after the end":        history(placed, order.Cancelled{}, order.Confirmed{}),
		"I10, rests on its way":             rest(awaiting()...),
		"I10, ended and not cleared up":     rest(order.Rejected{Reason: "unknown_item"}),
		"I11, holds stock":                  rest(awaiting(order.Expired{}, checkout.Finished{Outcome: "expired"})...),
		"I11, keeps money": rest(placed, captured("c", 2500), payment.Matched{CaptureID: "c", AppliedMinor: 2500},
			order.Cancelled{}, checkout.Finished{Outcome: "cancelled"}),
		"I11, nobody decided":              rest(captured("c", 2500)),
		"I11, nobody sends it":             rest(captured("c", 2500), back),
		"I12, not paid":                    func(t *testing.T) error { return watch(t, awaiting()...).step(order.Confirmed{}) },
		"I12, not held":                    func(t *testing.T) error { return watch(t, awaiting(captured("c", 2500))...).step(order.Confirmed{}) },
		"I17, counted as another currency": history(placed, euros("c", 5), payment.Matched{CaptureID: "c", AppliedMinor: 5}),
		"I17, goes back in another":        history(euros("c", 2500), back),
		"I18, one capture on two accounts": func(t *testing.T) error {
			w := watch(t, captured("c", 5))
			w.happens("p", captured("c", 5))
			return w.found
		},
		"I18, counted twice":          history(placed, captured("c", 5), payment.Matched{CaptureID: "c"}, payment.Matched{CaptureID: "c"}),
		"I19, an overdue hold counts": overdueCounts,
		"I19, refused though there is some": func(t *testing.T) error {
			return watch(t, placed).step(checkout.StockRejected{Shortages: []order.Shortage{{SKU: "A", Requested: 11, Available: 2}}})
		},
		"I20, one refund requested twice": history(captured("c", 5000), back, back),
		"I21, refused, and yet it wrote":  func(t *testing.T) error { return watch(t, placed).step(soft, checkout.StockRejected{}) },
	} {
		t.Run(name, func(t *testing.T) {
			number, _, _ := strings.Cut(name, ",")
			err := broken(t)
			require.Error(t, err)
			require.True(t, strings.HasPrefix(err.Error(), number+":"), "found %v", err)
		})
	}
}

func brokenAccount(t *testing.T) error {
	w := watch(t, captured("c", 5))
	w.of("o").account.Captures[0].AmountMinor++
	w.happens("o", captured("d", 5))
	return w.found
}

func overdueCounts(t *testing.T) error {
	w := watch(t, heldAs("r", 100)...)
	s := w.stock["A"]
	s.Expiries = nil // the fold has forgotten when it ends
	w.stock["A"] = s
	return w.books.availableHolds("A", 100)
}

// What is right is not found broken: a whole life, with its money and stock.
func TestBooks_wholeLife_isInOrder(t *testing.T) {
	w := watch(t, completed()...)
	require.NoError(t, w.found)
	require.NoError(t, w.books.restHolds("o"))
	require.NoError(t, w.books.availableHolds("A", 7))
	w = watch(t, slices.Concat(confirmed(), []decider.Event{captured("d", 100), refund("f", "d", 100, "overpayment"), payment.Refunded{RefundID: "f"}})...)
	require.NoError(t, w.found)
	require.NoError(t, w.books.confirmedHolds("o"))
}

// failing is a test that keeps what it was failed with.
type failing struct{ failure string }

func (f *failing) Helper()                           {}
func (f *failing) Errorf(format string, args ...any) { f.failure = fmt.Sprintf(format, args...) }
func (f *failing) Fatalf(format string, args ...any) { f.failure = fmt.Sprintf(format, args...) }

func TestMarket_sameCommandSaysMore_isFound(t *testing.T) {
	f := &failing{}
	m := &market{shop: newShop(f)}
	m.nothingNew(byReceipt, func() []decider.Event { return []decider.Event{order.Confirmed{}} })
	require.Empty(t, f.failure)
	m.nothingNew(byStream, func() []decider.Event { return []decider.Event{order.Confirmed{}} })
	require.Contains(t, f.failure, "I14")
}

func TestMarket_stateThatTheEventsDoNotTell_isFound(t *testing.T) {
	f := &failing{}
	m := &market{shop: newShop(f)}
	m.seen = func(orderID string, event decider.Event) { m.history = append(m.history, fact{orderID, event}) }
	m.happens("o", captured("c", 5))
	m.replay("o")
	require.Empty(t, f.failure)
	m.seen = func(string, decider.Event) {}
	m.happens("o", payment.Unmatched{CaptureID: "c", ParkUntil: 9})
	m.replay("o")
	require.Contains(t, f.failure, "I20")
}

// The fixture finds a step that speaks again: the second run of a step whose first was not heard says the same.
func TestShop_stepThatSpeaksTwice_isFound(t *testing.T) {
	f := &failing{}
	s := newShop(f)
	s.happens("o", captured("c", 5))
	s.deaf = true
	s.step("o")
	require.Contains(t, f.failure, "a second step says")
}
