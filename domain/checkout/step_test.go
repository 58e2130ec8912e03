package checkout_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// Two As and a B, due 2500.
var placed = order.Placed{Source: "rest", Currency: "USD", GrandTotalMinor: 2500, Content: "x", Lines: []order.Line{
	{LineID: "1", SKU: "A", Name: "A", Quantity: 2, UnitPriceMinor: 1000, TotalMinor: 2000},
	{LineID: "2", SKU: "B", Name: "B", Quantity: 1, UnitPriceMinor: 500, TotalMinor: 500},
}}

func captured(id string, amount int64) payment.Captured {
	return payment.Captured{CaptureID: id, AmountMinor: amount, Currency: "USD"}
}

func euros(id string, amount int64) payment.Captured {
	return payment.Captured{CaptureID: id, AmountMinor: amount, Currency: "EUR"}
}

// refund and eurosBack are what a step at 7 requests.
func refund(refundID, captureID string, amount int64, reason string) payment.RefundRequested {
	return payment.RefundRequested{RefundID: refundID, CaptureID: captureID, AmountMinor: amount, Currency: "USD", Reason: reason,
		ConfirmBy: 7 + confirm}
}

func eurosBack(refundID, captureID string, amount int64, reason string) payment.RefundRequested {
	r := refund(refundID, captureID, amount, reason)
	r.Currency = "EUR"
	return r
}

func heldAs(ids string, expiresAt int64) []decider.Event {
	return []decider.Event{
		on{"A", inventory.Reserved{ReservationID: ids + ":A", OrderID: "o", Quantity: 2, ExpiresAt: expiresAt}},
		on{"B", inventory.Reserved{ReservationID: ids + ":B", OrderID: "o", Quantity: 1, ExpiresAt: expiresAt}},
	}
}

func hardAs(ids string) []decider.Event {
	return []decider.Event{
		on{"A", inventory.ReservationSecured{ReservationID: ids + ":A", OrderID: "o", Quantity: 2}},
		on{"B", inventory.ReservationSecured{ReservationID: ids + ":B", OrderID: "o", Quantity: 1}},
	}
}

// awaiting is an order whose stock is held until 1020, and whose money is awaited until 900.
func awaiting(more ...decider.Event) []decider.Event {
	return slices.Concat([]decider.Event{placed}, heldAs("0:reserve", 1020), []decider.Event{
		checkout.StockReserved{}, order.PaymentAwaited{PayBy: 900},
		payment.Requested{RequestID: "0:request", Attempt: 1, AmountMinor: 2500, Currency: "USD", ExpiresAt: 900},
	}, more)
}

func confirmed(more ...decider.Event) []decider.Event {
	return slices.Concat(awaiting(captured("c", 2500), payment.Matched{CaptureID: "c", AppliedMinor: 2500}), hardAs("0:reserve"),
		[]decider.Event{checkout.StockSecured{}, order.Confirmed{}}, more)
}

func TestStep_nothingYet(t *testing.T) {
	given(t).stepAt(7).then()
}

func TestStep_capturedBeforeTheOrder_isParked(t *testing.T) {
	s := given(t, captured("c", 2500)).stepAt(7).then(payment.Unmatched{CaptureID: "c", ParkUntil: 5007})
	require.Equal(t, checkout.WaitingForOrder, checkout.WaitingFor(s.order, s.account))
	require.Equal(t, "unmatched", checkout.PaymentStatus(s.order, s.account))
}

func TestStep_placed_holdsAllLinesAndAsksForTheMoney(t *testing.T) {
	s := given(t, placed).stepAt(7).then(slices.Concat(heldAs("1:reserve", 1027), []decider.Event{
		checkout.StockReserved{}, order.PaymentAwaited{PayBy: 907},
		payment.Requested{RequestID: "1:request", Attempt: 1, AmountMinor: 2500, Currency: "USD", ExpiresAt: 907},
	})...)
	require.Equal(t, checkout.WaitingForPayment, checkout.WaitingFor(s.order, s.account))
	require.Equal(t, "requested", checkout.PaymentStatus(s.order, s.account))
}

func TestStep_placedAfterPartOfTheMoney_asksForTheRest(t *testing.T) {
	given(t, captured("c", 600), payment.Unmatched{CaptureID: "c", ParkUntil: 1}, placed).stepAt(7).then(
		slices.Concat(heldAs("1:reserve", 1027), []decider.Event{
			checkout.StockReserved{}, order.PaymentAwaited{PayBy: 907}, payment.Matched{CaptureID: "c", AppliedMinor: 600},
			payment.Requested{RequestID: "1:request", Attempt: 1, AmountMinor: 1900, Currency: "USD", ExpiresAt: 907},
		})...)
}

func TestStep_placedAfterAllOfTheMoney_isConfirmedAtOnce(t *testing.T) {
	s := given(t, captured("c", 2500), placed).stepAt(7)
	held, hard := heldAs("1:reserve", 1027), hardAs("1:reserve")
	o := s.then(held[0], hard[0], held[1], hard[1], checkout.StockReserved{}, checkout.StockSecured{}, order.Confirmed{},
		payment.Matched{CaptureID: "c", AppliedMinor: 2500})
	require.Equal(t, checkout.WaitingForShipment, checkout.WaitingFor(o.order, o.account))
	require.EqualValues(t, 2, s.stock["A"].Allocated)
	require.EqualValues(t, 8, s.stock["A"].Available(7))
}

func TestStep_placedAfterTooMuchMoney_sendsTheExcessBack(t *testing.T) {
	held, hard := heldAs("1:reserve", 1027), hardAs("1:reserve")
	o := given(t, captured("c", 2600), placed).stepAt(7).then(
		held[0], hard[0], held[1], hard[1], checkout.StockReserved{}, checkout.StockSecured{}, order.Confirmed{},
		payment.Matched{CaptureID: "c", AppliedMinor: 2500, ExcessMinor: 100}, refund("1:refund:c", "c", 100, "overpayment"))
	require.Equal(t, "paid", checkout.PaymentStatus(o.order, o.account))
}

func TestStep_placedAfterForeignMoney_sendsItBackAndAsks(t *testing.T) {
	given(t, euros("c", 2500), placed).stepAt(7).then(slices.Concat(heldAs("1:reserve", 1027), []decider.Event{
		checkout.StockReserved{}, order.PaymentAwaited{PayBy: 907},
		eurosBack("1:refund:c", "c", 2500, "currency_mismatch"),
		payment.Requested{RequestID: "1:request", Attempt: 1, AmountMinor: 2500, Currency: "USD", ExpiresAt: 907},
	})...)
}

func TestStep_freeOrder_needsNoMoney(t *testing.T) {
	free := order.Placed{Currency: "USD", Content: "x", Lines: []order.Line{{LineID: "1", SKU: "A", Quantity: 2}}}
	o := given(t, free).stepAt(7).then(heldAs("1:reserve", 1027)[0], hardAs("1:reserve")[0],
		checkout.StockReserved{}, checkout.StockSecured{}, order.Confirmed{})
	require.Equal(t, "paid", checkout.PaymentStatus(o.order, o.account))
}

func TestStep_rejectedAtTheDoor_allMoneyGoesBack(t *testing.T) {
	door := order.Rejected{Reason: "unknown_item", Content: "x"}
	given(t, door).stepAt(7).then(checkout.Finished{Outcome: "rejected"})
	o := given(t, captured("c", 10), euros("d", 20), door).stepAt(7).then(checkout.Finished{Outcome: "rejected"},
		refund("1:refund:c", "c", 10, "order_rejected"),
		eurosBack("1:refund:d", "d", 20, "order_rejected"))
	require.Equal(t, checkout.WaitingForRefund, checkout.WaitingFor(o.order, o.account))
	require.Equal(t, "refund_pending", checkout.PaymentStatus(o.order, o.account))
}

// short is an order of which B, with one left, cannot be held.
func short(more ...decider.Event) []decider.Event {
	return slices.Concat([]decider.Event{on{"B", inventory.Reserved{ReservationID: "x", OrderID: "other", Quantity: 10, ExpiresAt: 5000}}, placed}, more)
}

func TestStep_outOfStock_holdsNothingAndRejects(t *testing.T) {
	shortage := []order.Shortage{{SKU: "B", Requested: 1, Available: 0}}
	o := given(t, short()...).stepAt(7).then(checkout.StockRejected{Shortages: shortage}, checkout.Finished{Outcome: "rejected"},
		order.Rejected{Reason: "out_of_stock", Shortages: shortage})
	require.Equal(t, "voided", checkout.PaymentStatus(o.order, o.account))
	given(t, short(captured("c", 2500))...).stepAt(7).then(
		checkout.StockRejected{Shortages: shortage}, checkout.Finished{Outcome: "rejected"},
		order.Rejected{Reason: "out_of_stock", Shortages: shortage},
		payment.Matched{CaptureID: "c", AppliedMinor: 2500}, refund("1:refund:c", "c", 2500, "out_of_stock"))
}

func TestStep_overdueHoldOfAnother_doesNotBlock(t *testing.T) {
	o := given(t, short()...).stepAt(5000)
	require.Contains(t, o.events, decider.Event(on{"B", inventory.ReservationExpired{ReservationID: "x", OrderID: "other", Quantity: 10}}))
	require.Equal(t, "awaiting_payment", o.of("o").order.Status)
}

func TestStep_partOfTheMoney_isCountedAndTheRestAwaited(t *testing.T) {
	o := given(t, awaiting(captured("c", 600))...).stepAt(7).then(payment.Matched{CaptureID: "c", AppliedMinor: 600})
	require.Equal(t, "partially_paid", checkout.PaymentStatus(o.order, o.account))
	require.EqualValues(t, 1900, checkout.Sums(o.order, o.account).OutstandingMinor)
}

func TestStep_exactMoney_confirms(t *testing.T) {
	o := given(t, awaiting(captured("c", 2500))...).stepAt(7).then(slices.Concat(hardAs("0:reserve"),
		[]decider.Event{checkout.StockSecured{}, order.Confirmed{}, payment.Matched{CaptureID: "c", AppliedMinor: 2500}})...)
	require.Equal(t, "paid", checkout.PaymentStatus(o.order, o.account))
}

func TestStep_restOfTheMoney_confirms(t *testing.T) {
	given(t, awaiting(captured("c", 600), payment.Matched{CaptureID: "c", AppliedMinor: 600}, captured("d", 1900))...).stepAt(7).then(
		slices.Concat(hardAs("0:reserve"), []decider.Event{checkout.StockSecured{}, order.Confirmed{}, payment.Matched{CaptureID: "d", AppliedMinor: 1900}})...)
}

func TestStep_excessOfSeveralCaptures_goesBackFromTheNewestFirst(t *testing.T) {
	given(t, awaiting(captured("c", 2000), captured("d", 1000), captured("e", 300))...).stepAt(7).then(
		slices.Concat(hardAs("0:reserve"), []decider.Event{checkout.StockSecured{}, order.Confirmed{},
			payment.Matched{CaptureID: "c", AppliedMinor: 2000},
			payment.Matched{CaptureID: "d", AppliedMinor: 500, ExcessMinor: 500},
			payment.Matched{CaptureID: "e", ExcessMinor: 300},
			refund("1:refund:e", "e", 300, "overpayment"), refund("1:refund:d", "d", 500, "overpayment")})...)
}

func TestStep_foreignMoney_isNotCounted(t *testing.T) {
	given(t, awaiting(euros("c", 2500))...).stepAt(7).then(
		eurosBack("1:refund:c", "c", 2500, "currency_mismatch"))
}

func TestStep_overdueHold_isTakenAnew(t *testing.T) {
	anew := heldAs("1:secure", 1020+window+grace)
	expired := []decider.Event{
		on{"A", inventory.ReservationExpired{ReservationID: "0:reserve:A", OrderID: "o", Quantity: 2}},
		on{"B", inventory.ReservationExpired{ReservationID: "0:reserve:B", OrderID: "o", Quantity: 1}},
	}
	hard := hardAs("1:secure")
	rest := []decider.Event{checkout.StockSecured{}, order.Confirmed{}, payment.Matched{CaptureID: "c", AppliedMinor: 2500}}
	given(t, awaiting(captured("c", 2500))...).stepAt(1020).then(
		slices.Concat([]decider.Event{expired[0], anew[0], hard[0], expired[1], anew[1], hard[1]}, rest)...)
	// also one that another decision has expired already
	given(t, awaiting(expired[0], captured("c", 2500))...).stepAt(1020).then(
		slices.Concat([]decider.Event{anew[0], hard[0], expired[1], anew[1], hard[1]}, rest)...)
}

func TestStep_stockLostAfterPayment_cancelsAndSendsTheMoneyBack(t *testing.T) {
	lost := []order.Shortage{{SKU: "A", Requested: 2, Available: 0}}
	o := given(t, awaiting(
		on{"A", inventory.ReservationExpired{ReservationID: "0:reserve:A", OrderID: "o", Quantity: 2}},
		on{"A", inventory.Reserved{ReservationID: "x", OrderID: "other", Quantity: 10, ExpiresAt: 9000}},
		captured("c", 2500))...).stepAt(1020)
	s := o.then(
		on{"B", inventory.ReservationExpired{ReservationID: "0:reserve:B", OrderID: "o", Quantity: 1}},
		checkout.StockLost{Shortages: lost}, checkout.StockReleased{}, checkout.Finished{Outcome: "cancelled"},
		order.Cancelled{Reason: "out_of_stock_after_payment"},
		payment.Matched{CaptureID: "c", AppliedMinor: 2500},
		payment.RequestClosed{RequestID: "0:request", Reason: "out_of_stock_after_payment"},
		payment.RefundRequested{RefundID: "1:refund:c", CaptureID: "c", AmountMinor: 2500, Currency: "USD",
			Reason: "out_of_stock_after_payment", ConfirmBy: 1020 + confirm})
	require.Equal(t, "refund_pending", checkout.PaymentStatus(s.order, s.account))
	require.Equal(t, lost, s.memory.Shortages)
}

func TestStep_moneyAfterConfirmation_goesBackWhole(t *testing.T) {
	given(t, confirmed(captured("d", 2500))...).stepAt(7).then(refund("1:refund:d", "d", 2500, "overpayment"))
}

func TestStep_moneyAfterTheEnd_goesBackWhole(t *testing.T) {
	for _, end := range []order.Event{order.Rejected{Reason: "out_of_stock"}, order.Cancelled{Reason: "r"}, order.Expired{}} {
		s := given(t, placed, end, checkout.Finished{Outcome: "over"}, captured("c", 1), euros("d", 2))
		s.stepAt(7).then(
			eurosBack("1:refund:d", "d", 2, "currency_mismatch"),
			refund("1:refund:c", "c", 1, "late_payment"))
	}
}

// Whatever woke it: an order that ended at its head is closed.
func TestStep_endedByAnother_isClosed(t *testing.T) {
	for reason, end := range map[string]order.Event{"cancelled": order.Cancelled{Reason: "changed_my_mind"}, "expired": order.Expired{}} {
		o := given(t, awaiting(end, captured("c", 600))...).stepAt(7).then(
			on{"A", inventory.Released{ReservationID: "0:reserve:A", OrderID: "o", Quantity: 2, Reason: reason}},
			on{"B", inventory.Released{ReservationID: "0:reserve:B", OrderID: "o", Quantity: 1, Reason: reason}},
			checkout.StockReleased{}, checkout.Finished{Outcome: reason},
			payment.RequestClosed{RequestID: "0:request", Reason: reason}, refund("1:refund:c", "c", 600, reason))
		require.Equal(t, reason, o.order.Status)
	}
	given(t, placed, order.Cancelled{Reason: "r"}).stepAt(7).then(checkout.Finished{Outcome: "cancelled"})
}

func TestStep_confirmedThenCancelled_givesUpWhatIsHardToo(t *testing.T) {
	s := given(t, confirmed(order.Cancelled{Reason: "r"})...)
	s.stepAt(5000)
	require.EqualValues(t, 10, s.stock["A"].Available(0))
	require.EqualValues(t, 2500, checkout.Sums(s.of("o").order, s.of("o").account).RefundPendingMinor)
}

func TestStep_review_isNothingToDo(t *testing.T) {
	given(t, confirmed(payment.ReviewRaised{ReviewID: "v", Reason: "conflicting_duplicate", CaptureID: "c", AmountMinor: 1, Currency: "USD"})...).
		stepAt(7).then()
}

// Money is never swallowed: in every state each capture is counted, parked or sent back by the next step.
func TestStep_captured_isAnsweredInEveryState(t *testing.T) {
	for state, history := range map[string][]decider.Event{
		"none":                 nil,
		"placed":               {placed},
		"placed, out of stock": short(),
		"awaiting payment":     awaiting(),
		"confirmed":            confirmed(),
		"rejected at the door": {order.Rejected{Reason: "unknown_item"}},
		"door, finished":       {order.Rejected{Reason: "unknown_item"}, checkout.Finished{Outcome: "rejected"}},
		"cancelled":            awaiting(order.Cancelled{Reason: "r"}),
		"cancelled, finished":  awaiting(order.Cancelled{Reason: "r"}, checkout.Finished{Outcome: "cancelled"}),
		"expired":              awaiting(order.Expired{}),
		"expired, finished":    awaiting(order.Expired{}, checkout.Finished{Outcome: "expired"}),
	} {
		for money, c := range map[string]payment.Captured{
			"exact": captured("new", 2500), "part": captured("new", 1), "over": captured("new", 9000), "foreign": euros("new", 2500),
		} {
			t.Run(state+", "+money, func(t *testing.T) {
				s := given(t, append(slices.Clone(history), c)...)
				for _, now := range []int64{7, 5000} { // holds live, and overdue
					s.stepAt(now)
				}
				for _, c := range s.of("o").account.Captures {
					require.NotEqual(t, payment.OutcomeReceived, s.of("o").account.Outcome(c))
				}
			})
		}
	}
}
