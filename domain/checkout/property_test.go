package checkout_test

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"ordermill/domain/checkout"
)

// The same thousand runs each time, unless -rapid.seed or -rapid.checks says otherwise.
func init() {
	if err := errors.Join(flag.Set("rapid.seed", "1"), flag.Set("rapid.checks", "1000")); err != nil {
		panic(err)
	}
}

// Everything in any order, copies and clock jumps included: I1-I9, I12, I14 and I17-I21 at every event, I10 and I11 once it has
// come to rest. The fixture runs every step twice.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := openMarket(rt, rapid.Int64Range(1, 20))
		for range 1 + m.draw("actions", 300) {
			m.act()
		}
		m.comesToRest()
	})
}

// I13: letters without conflicting contents, with stock enough and no deadline between, in any order and any number of
// copies, with steps at any time between: the same end.
func TestInvariants_orderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type letter func(m *market)
		var letters []letter
		for _, orderID := range orderIDs {
			letters = append(letters, func(m *market) { m.place(orderID) })
			for i, amount := range rapid.SliceOfN(rapid.SampledFrom([]int64{500, 1000, 1500, 3000}), 0, 3).Draw(rt, "amounts") {
				letters = append(letters, func(m *market) { m.pay(orderID, fmt.Sprint(orderID, i), amount, "USD") })
			}
		}
		end := func(letters []letter, between func(*market)) string {
			m := openMarket(rt, rapid.Just(int64(100)))
			for _, l := range letters {
				l(m)
				between(m)
			}
			for _, orderID := range orderIDs {
				m.wake(orderID)
			}
			return m.summary()
		}
		want := end(letters, func(*market) {})
		copies := append(letters, rapid.SliceOfN(rapid.SampledFrom(letters), 0, 5).Draw(rt, "copies")...)
		got := end(rapid.Permutation(copies).Draw(rt, "order"), func(m *market) {
			if rapid.Bool().Draw(rt, "step") {
				m.wake(rapid.SampledFrom(orderIDs).Draw(rt, "of"))
			}
		})
		if got != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// summary tells statuses, sums and stock.
func (m *market) summary() (told string) {
	for _, orderID := range orderIDs {
		o := m.of(orderID)
		told += fmt.Sprintln(orderID, o.order.Status, o.order.Reason, checkout.PaymentStatus(o.order, o.account),
			fmt.Sprintf("%+v", checkout.Sums(o.order, o.account)), checkout.WaitingFor(o.order, o.account))
	}
	for _, sku := range skus {
		s := m.stock[sku]
		told += fmt.Sprintln(sku, s.OnHand, s.Reserved, s.Allocated)
	}
	return told
}
