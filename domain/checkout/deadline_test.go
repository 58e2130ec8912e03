package checkout_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

var (
	window1  = checkout.Deadline{Timer: checkout.TimerPayment, Ref: "0:request", Attempt: 1}
	windowUp = checkout.DeadlineFired{Deadline: window1}
	parkUp   = checkout.DeadlineFired{Deadline: checkout.Deadline{Timer: checkout.TimerUnmatched, Ref: "c", Attempt: 1}}
)

func retryOf(attempt int64) checkout.Deadline {
	return checkout.Deadline{Timer: checkout.TimerRetry, Ref: "f", Attempt: attempt}
}

func confirmOf(attempt int64) checkout.Deadline {
	return checkout.Deadline{Timer: checkout.TimerConfirm, Ref: "f", Attempt: attempt}
}

func up(d checkout.Deadline) checkout.DeadlineFired { return checkout.DeadlineFired{Deadline: d} }

// deadlines are the timers of order "o" after a history.
func deadlines(t *testing.T, history ...decider.Event) []checkout.Pending {
	o := given(t, history...).of("o")
	return checkout.Deadlines(o.order, o.account, o.memory)
}

func at(d checkout.Deadline, when int64) []checkout.Pending {
	return []checkout.Pending{{Deadline: d, At: when}}
}

func TestDeadlines_paymentWindow_isOfTheFirstRequestWhileMoneyIsAwaited(t *testing.T) {
	require.Empty(t, deadlines(t, placed))
	require.Equal(t, at(window1, 900), deadlines(t, awaiting()...))
	failed := payment.Failed{RequestID: "0:request", Code: "x", Retryable: true}
	second := payment.Requested{RequestID: "2:request", Attempt: 2, AmountMinor: 2500, Currency: "USD", ExpiresAt: 900}
	require.Equal(t, at(window1, 900), deadlines(t, awaiting(failed, second)...), "a second try does not lengthen it")
	require.Empty(t, deadlines(t, awaiting(windowUp)...))
	require.Empty(t, deadlines(t, confirmed()...))
	for _, end := range []order.Event{order.Cancelled{Reason: "r"}, order.Expired{}} {
		require.Empty(t, deadlines(t, awaiting(end)...))
	}
}

func TestDeadlines_unmatchedMoney_waitsUntilThereIsAnOrder(t *testing.T) {
	parked := []decider.Event{captured("c", 5), payment.Unmatched{CaptureID: "c", ParkUntil: 50}}
	require.Empty(t, deadlines(t, parked[0]), "parked by the step, not before")
	require.Equal(t, at(parkUp.Deadline, 50), deadlines(t, parked...))
	for name, after := range map[string]decider.Event{
		"placed": placed, "rejected at the door": order.Rejected{Reason: "unknown_item"}, "fired": parkUp,
		"refunded": payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 5, Currency: "USD", ConfirmBy: 60},
		"moved":    payment.Reassigned{CaptureID: "c", ToOrderID: "p"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range deadlines(t, append(slices.Clone(parked), after)...) {
				require.NotEqual(t, checkout.TimerUnmatched, p.Timer)
			}
		})
	}
}

// A refund's timers by what was said of it last.
func TestDeadlines_refund(t *testing.T) {
	asked := []decider.Event{captured("c", 5), payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 5, Currency: "USD", ConfirmBy: 60}}
	again := payment.RefundFailed{RefundID: "f", Code: "x", RetryAt: 70, ConfirmBy: 130}
	for name, c := range map[string]struct {
		more []decider.Event
		want []checkout.Pending
	}{
		"asked for":         {nil, at(confirmOf(1), 60)},
		"asked for, fired":  {[]decider.Event{up(confirmOf(1))}, nil},
		"failed":            {[]decider.Event{again}, at(retryOf(2), 70)},
		"tried again":       {[]decider.Event{again, up(retryOf(2))}, at(confirmOf(2), 130)},
		"tried again, late": {[]decider.Event{again, up(retryOf(2)), up(confirmOf(2))}, nil},
		"failed twice":      {[]decider.Event{again, up(retryOf(2)), payment.RefundFailed{RefundID: "f", Code: "x", RetryAt: 200, ConfirmBy: 260}}, at(retryOf(3), 200)},
		"given up":          {[]decider.Event{payment.RefundFailed{RefundID: "f", Code: "x"}}, nil},
		"given up, then asked for anew": {[]decider.Event{payment.RefundFailed{RefundID: "f", Code: "x"},
			payment.ReviewResolved{RefundID: "f", Decision: "refund", ConfirmBy: 300}}, at(confirmOf(2), 300)},
		"done":                   {[]decider.Event{payment.Refunded{RefundID: "f"}}, nil},
		"done while to be tried": {[]decider.Event{again, payment.Refunded{RefundID: "f"}}, nil},
		"kept":                   {[]decider.Event{payment.ReviewResolved{RefundID: "f", Decision: "dismiss"}}, nil},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, deadlines(t, slices.Concat(asked, c.more)...)) })
	}
}

// Open refunds go on behind the end of an order.
func TestDeadlines_refundOfAnOrderThatEnded_goesOn(t *testing.T) {
	s := given(t, awaiting(captured("c", 600), order.Cancelled{Reason: "r"})...)
	s.stepAt(7)
	o := s.of("o")
	require.Equal(t, []checkout.Pending{{Deadline: checkout.Deadline{Timer: "confirm", Ref: "1:refund:c", Attempt: 1}, At: 7 + confirm}},
		checkout.Deadlines(o.order, o.account, o.memory))
}

func TestDeadlines_soonestFirst_thenByName(t *testing.T) {
	ask := func(id string, by int64) decider.Event {
		return payment.RefundRequested{RefundID: id, CaptureID: "e", AmountMinor: 1, Currency: "EUR", ConfirmBy: by}
	}
	var refs []string
	for _, p := range deadlines(t, awaiting(euros("e", 9), ask("z", 900), ask("y", 900), ask("x", 899))...) {
		refs = append(refs, p.Timer+" "+p.Ref)
	}
	require.Equal(t, []string{"confirm x", "confirm y", "confirm z", "payment 0:request"}, refs)
}

func TestFire_onlyWhatIsDueAndStillWaits(t *testing.T) {
	fire := func(d checkout.Deadline, now int64, history ...decider.Event) []checkout.Event {
		o := given(t, history...).of("o")
		return checkout.Fire(o.order, o.account, o.memory, d, now)
	}
	require.Empty(t, fire(window1, 899, awaiting()...))
	require.Equal(t, []checkout.Event{windowUp}, fire(window1, 900, awaiting()...))
	require.Empty(t, fire(window1, 900, awaiting(windowUp)...), "it fires once")
	require.Empty(t, fire(window1, 900, confirmed()...), "nobody waits for it any more")
	other := window1
	other.Attempt = 2
	require.Empty(t, fire(other, 900, awaiting()...), "there is no such timer")
}

// T2: the money decides, not the clock that brought the word.
func TestStep_windowClosed_withoutTheMoney_expires(t *testing.T) {
	o := given(t, awaiting(captured("c", 600), payment.Matched{CaptureID: "c", AppliedMinor: 600}, windowUp)...).stepAt(7)
	s := o.then(
		release("A", 2, "expired"), release("B", 1, "expired"), checkout.StockReleased{}, checkout.Finished{Outcome: "expired"}, order.Expired{},
		payment.RequestClosed{RequestID: "0:request", Reason: "expired"}, refund("1:refund:c", "c", 600, "expired"))
	require.Equal(t, order.StatusExpired, s.order.Status)
	require.EqualValues(t, 10, o.stock["A"].Available(7))
}

func TestStep_windowClosed_withTheMoneyThere_confirms(t *testing.T) {
	s := given(t, awaiting(captured("c", 2500), windowUp)...).stepAt(7).then(slices.Concat(hardAs("0:reserve"), []decider.Event{
		checkout.StockSecured{}, order.Confirmed{}, payment.Matched{CaptureID: "c", AppliedMinor: 2500}})...)
	require.Equal(t, order.StatusConfirmed, s.order.Status)
}

// T5: money that nobody placed an order for goes back; if the order came meanwhile, it is counted.
func TestStep_unmatchedForTooLong_goesBack(t *testing.T) {
	parked := []decider.Event{captured("c", 2500), payment.Unmatched{CaptureID: "c", ParkUntil: 50}, parkUp}
	o := given(t, parked...).stepAt(7).then(refund("1:refund:c", "c", 2500, "unknown_order"))
	require.Equal(t, checkout.WaitingForRefund, checkout.WaitingFor(o.order, o.account))
	s := given(t, append(parked, placed)...)
	s.stepAt(7)
	require.Equal(t, order.StatusConfirmed, s.of("o").order.Status)
}

func TestStep_orderAfterItsMoneyWentBack_asksForAllOfIt(t *testing.T) {
	s := given(t, captured("c", 2500), payment.Unmatched{CaptureID: "c", ParkUntil: 50}, parkUp)
	s.stepAt(7)
	s.happens("o", placed)
	s.stepAt(8)
	request, _ := s.of("o").account.LastRequest()
	require.EqualValues(t, 2500, request.AmountMinor)
}
