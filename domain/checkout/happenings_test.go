package checkout_test

import (
	"math"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// happening is something that happens to an order from outside its step. do lets it happen, and returns its events: none if
// the streams do not allow it.
type happening struct {
	name string
	do   func(s *shop) []decider.Event
}

// onOrder and onAccount let a command happen to order "o"; a refusal is no events.
func (s *shop) onOrder(command order.Command) (happened []decider.Event) {
	events, _ := order.Decider.Decide(s.of("o").order, command)
	for _, e := range events {
		happened = append(happened, e)
	}
	s.happens("o", happened...)
	return happened
}

func (s *shop) onAccount(command payment.Command) (happened []decider.Event) {
	events, _ := payment.Decider.Decide(s.of("o").account, command)
	for _, e := range events {
		happened = append(happened, e)
	}
	s.happens("o", happened...)
	return happened
}

// fire lets the timer of order "o" about something run out.
func (s *shop) fire(timer, ref string) (happened []decider.Event) {
	o := s.of("o")
	for _, p := range checkout.Deadlines(o.order, o.account, o.memory) {
		if p.Timer == timer && (ref == "" || p.Ref == ref) {
			for _, e := range checkout.Fire(o.order, o.account, o.memory, p.Deadline, math.MaxInt64) {
				happened = append(happened, e)
			}
		}
	}
	s.happens("o", happened...)
	return happened
}

func onOrder(command order.Command) func(s *shop) []decider.Event {
	return func(s *shop) []decider.Event { return s.onOrder(command) }
}

func onAccount(command payment.Command) func(s *shop) []decider.Event {
	return func(s *shop) []decider.Event { return s.onAccount(command) }
}

// arrives is money that arrives under an identity; known is the money that it is known to stand for.
func arrives(amount int64, currency string, known payment.ClaimState) func(s *shop) []decider.Event {
	return func(s *shop) (happened []decider.Event) {
		_, events, _, err := payment.Receive(known, s.of("o").account, "o",
			payment.RecordCapture{CaptureID: "new", AmountMinor: amount, Currency: currency}, "v")
		if err != nil {
			s.t.Fatalf("money was refused: %v", err)
		}
		for _, e := range events {
			happened = append(happened, e)
		}
		s.happens("o", happened...)
		return happened
	}
}

// resolved is a review about refund "f", or about money, that a person answers.
func resolved(raise payment.RaiseReview, before []payment.Event, decision string) func(s *shop) []decider.Event {
	return func(s *shop) []decider.Event {
		for _, e := range before {
			s.happens("o", e)
		}
		raise.ReviewID = "v"
		s.onAccount(raise)
		return s.onAccount(payment.ResolveReview{ReviewID: "v", Decision: decision, RefundID: "r", ConfirmBy: 60, Now: 7})
	}
}

var (
	place = order.Place{Items: []order.Item{
		{SKU: "A", Quantity: 2, Product: &order.Product{SKU: "A", Name: "A", PriceMinor: 1000, Currency: "USD"}},
		{SKU: "B", Quantity: 1, Product: &order.Product{SKU: "B", Name: "B", PriceMinor: 500, Currency: "USD"}},
	}}
	unknownItem = order.Place{Letter: true, Items: []order.Item{{SKU: "C", Quantity: 1}}}
	oneA        = order.Ship{ShipmentID: "one", Lines: []order.ShippedLine{{LineID: "1", Quantity: 1}}}
	all         = order.Ship{ShipmentID: "all"}
	other       = payment.ClaimState{CaptureID: "new", OrderID: "other", AmountMinor: 1, Currency: "USD"}
	same        = payment.ClaimState{CaptureID: "new", OrderID: "o", AmountMinor: 1, Currency: "USD"}
	ofF         = payment.Answered{RefundID: "f", ReviewID: "v"}
	oneTry      = payment.Ladder{Waits: []int64{10}, Confirm: 100}
	aboutF      = payment.RaiseReview{CaptureID: "e", RefundID: "f", AmountMinor: 5, Currency: "EUR"}
	conflicting = payment.RaiseReview{Reason: "conflicting_duplicate", CaptureID: "c", AmountMinor: 1, Currency: "USD"}
	unrequested = payment.RaiseReview{Reason: "unrequested_refund", AmountMinor: 3, Currency: "EUR"}
	fGivenUp    = []payment.Event{payment.RefundFailed{RefundID: "f", Code: "x"}}
	fDone       = []payment.Event{payment.Refunded{RefundID: "f"}}
)

func reviewOfF(reason string) payment.RaiseReview {
	r := aboutF
	r.Reason = reason
	return r
}

// waitsParked lets money arrive that waits for an order.
func waitsParked(s *shop) {
	s.happens("o", captured("p", 1), payment.Unmatched{CaptureID: "p", ParkUntil: 50})
}

var matrixHappenings = []happening{
	{"placed", onOrder(place)},
	{"rejected at the door", onOrder(unknownItem)},
	{"cancelled on request", onOrder(order.CancelOnRequest{Reason: "r"})},
	{"one shipped", onOrder(oneA)},
	{"all shipped", onOrder(all)},
	{"all delivered", func(s *shop) []decider.Event {
		s.onOrder(all)
		return s.onOrder(order.Deliver{ShipmentID: "all"})
	}},
	{"confirmation sent", onOrder(order.RecordConfirmationSent{Channel: "mailbox", MessageID: "<1@x>"})},

	{"captured, exact", arrives(2500, "USD", payment.ClaimState{})},
	{"captured, a part", arrives(1, "USD", payment.ClaimState{})},
	{"captured, too much", arrives(9000, "USD", payment.ClaimState{})},
	{"captured, foreign", arrives(2500, "EUR", payment.ClaimState{})},
	{"captured again", arrives(1, "USD", same)},
	{"captured, other content", arrives(1, "USD", other)},
	{"reassigned in", onAccount(payment.Arrive{Capture: payment.Capture{CaptureID: "p", AmountMinor: 1, Currency: "USD"}, FromOrderID: "other"})},
	{"reassigned out", func(s *shop) []decider.Event {
		if waitsParked(s); s.of("o").order.Exists() {
			return nil // app asks for that
		}
		return s.onAccount(payment.Reassign{CaptureID: "p", ToOrderID: "other"})
	}},
	{"unmatched refunded", func(s *shop) []decider.Event {
		if waitsParked(s); s.of("o").order.Exists() {
			return nil
		}
		return s.onAccount(payment.RefundUnmatched{RefundID: "r", CaptureID: "p", Reason: "unknown_order"})
	}},
	{"T5", func(s *shop) []decider.Event {
		waitsParked(s)
		s.happens("o", up(checkout.Deadline{Timer: checkout.TimerUnmatched, Ref: "p", Attempt: 1}))
		return []decider.Event{up(checkout.Deadline{Timer: checkout.TimerUnmatched, Ref: "p", Attempt: 1})}
	}},

	{"failed, retryable", onAccount(payment.RecordFailure{Code: "declined", Retryable: true})},
	{"failed for good", onAccount(payment.RecordFailure{Code: "declined"})},
	{"failed, another request", onAccount(payment.RecordFailure{RequestID: "old", Code: "declined", Retryable: true})},
	{"T2", func(s *shop) []decider.Event { return s.fire(checkout.TimerPayment, "") }},

	{"refund by a person", func(s *shop) []decider.Event {
		if s.of("o").order.Refundable() != nil {
			return nil
		}
		return s.onAccount(payment.RequestRefund{RefundID: "r", AmountMinor: 1, Currency: "USD", Reason: "operator"})
	}},
	{"refunded", onAccount(payment.RecordRefunded{Answered: ofF})},
	{"refunded, kept before", onAccount(payment.RecordRefunded{Answered: payment.Answered{RefundID: "kk", ReviewID: "v"}})},
	{"refunded, nobody asked", onAccount(payment.RecordRefunded{Answered: payment.Answered{AmountMinor: 9, Currency: "EUR", ReviewID: "v"}})},
	{"refund failed", onAccount(payment.RecordRefundFailed{Answered: ofF, Code: "x", Retry: oneTry, Now: 7})},
	{"refund failed for good", onAccount(payment.RecordRefundFailed{Answered: ofF, Code: "x", Now: 7})},
	{"refund failed after success", func(s *shop) []decider.Event {
		s.onAccount(payment.RecordRefunded{Answered: ofF})
		return s.onAccount(payment.RecordRefundFailed{Answered: ofF, Code: "x", Now: 7})
	}},
	{"T3", func(s *shop) []decider.Event {
		s.onAccount(payment.RecordRefundFailed{Answered: ofF, Code: "x", Retry: oneTry, Now: 7})
		return s.fire(checkout.TimerRetry, "f")
	}},
	{"T4", func(s *shop) []decider.Event { return s.fire(checkout.TimerConfirm, "f") }},
	{"T4, no answer", func(s *shop) []decider.Event {
		s.fire(checkout.TimerConfirm, "f")
		raise := reviewOfF("refund_unconfirmed")
		raise.ReviewID = "v"
		return s.onAccount(raise)
	}},

	{"conflicting_duplicate apply", resolved(conflicting, nil, "apply")},
	{"conflicting_duplicate refund", resolved(conflicting, nil, "refund")},
	{"conflicting_duplicate dismiss", resolved(conflicting, nil, "dismiss")},
	{"refund_failed apply", resolved(reviewOfF("refund_failed"), fGivenUp, "apply")},
	{"refund_failed refund", resolved(reviewOfF("refund_failed"), fGivenUp, "refund")},
	{"refund_failed dismiss", resolved(reviewOfF("refund_failed"), fGivenUp, "dismiss")},
	{"refund_unconfirmed apply", resolved(reviewOfF("refund_unconfirmed"), nil, "apply")},
	{"refund_unconfirmed refund", resolved(reviewOfF("refund_unconfirmed"), nil, "refund")},
	{"refund_unconfirmed dismiss", resolved(reviewOfF("refund_unconfirmed"), nil, "dismiss")},
	{"refund_reversed apply", resolved(reviewOfF("refund_reversed"), fDone, "apply")},
	{"refund_reversed refund", resolved(reviewOfF("refund_reversed"), fDone, "refund")},
	{"refund_reversed dismiss", resolved(reviewOfF("refund_reversed"), fDone, "dismiss")},
	{"unrequested_refund apply", resolved(unrequested, nil, "apply")},
	{"unrequested_refund refund", resolved(unrequested, nil, "refund")},
	{"unrequested_refund dismiss", resolved(unrequested, nil, "dismiss")},
}
