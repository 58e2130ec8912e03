package checkout

import (
	"cmp"
	"fmt"
	"slices"

	"ordermill/domain/decider"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// Timers of an order. Each is a consequence of events, and may be computed anew at any time; only its firing is a fact.
const (
	TimerPayment   = "payment"   // the order's money did not come in time; ref is the first request's id
	TimerRetry     = "retry"     // a refund that failed is to be tried again; ref is the refund's id
	TimerConfirm   = "confirm"   // nobody said what became of a refund; ref is the refund's id
	TimerUnmatched = "unmatched" // nobody placed an order for money; ref is the capture's id
)

// Deadline names a timer: what it is about, and which try of that.
type Deadline struct {
	Timer   string `json:"timer"`
	Ref     string `json:"ref"`
	Attempt int64  `json:"attempt"`
}

// String is the deadline in one word, as ids are made of it.
func (d Deadline) String() string { return fmt.Sprintf("%s/%s/%d", d.Timer, d.Ref, d.Attempt) }

// Pending is a timer that has not fired.
type Pending struct {
	Deadline
	At int64 `json:"at"` // ms since 1970
}

// Deadlines are the timers of an order that have not fired, soonest first. It follows from the order's streams alone.
func Deadlines(o order.State, account payment.State, memory State) (pending []Pending) {
	wait := func(timer, ref string, attempt, at int64) {
		if d := (Deadline{timer, ref, attempt}); !memory.HasFired(d) {
			pending = append(pending, Pending{d, at})
		}
	}
	if first, asked := account.FirstRequest(); asked && o.Status == order.StatusAwaitingPayment {
		wait(TimerPayment, first.RequestID, 1, o.PayBy)
	}
	if !o.Exists() {
		for _, c := range account.Fresh() {
			if c.ParkUntil != 0 {
				wait(TimerUnmatched, c.CaptureID, 1, c.ParkUntil)
			}
		}
	}
	for _, r := range account.Refunds {
		retry := Deadline{TimerRetry, r.RefundID, r.Attempts}
		switch {
		case !r.Open():
		case r.Status == payment.RefundOpen, r.RetryAt != 0 && memory.HasFired(retry): // a try is under way
			wait(TimerConfirm, r.RefundID, r.Attempts, r.ConfirmBy)
		case r.RetryAt != 0:
			wait(TimerRetry, r.RefundID, r.Attempts, r.RetryAt)
		}
	}
	slices.SortFunc(pending, func(a, b Pending) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Timer, b.Timer), cmp.Compare(a.Ref, b.Ref))
	})
	return pending
}

// Fire decides that a timer ran out, if it still waits and its time has come: nothing otherwise.
func Fire(o order.State, account payment.State, memory State, timer Deadline, now int64) []Event {
	for _, p := range Deadlines(o, account, memory) {
		if p.Deadline == timer && p.At <= now {
			return []Event{DeadlineFired{timer}}
		}
	}
	return nil
}

// What a provider is asked about a refund.
const (
	AskPay  = "pay"  // pay it out; it may have been asked before, and does it once for one refund id
	AskWhat = "what" // tell what became of it
)

// Ask is a question to the payment provider about a refund that is open.
type Ask struct {
	What   string
	Refund payment.Refund
}

// AskFor is what to ask the provider after an event of the order's payment or checkout stream, given the account at its head.
func AskFor(event decider.Event, account payment.State) (Ask, bool) {
	ask := Ask{What: AskPay}
	var refundID string
	switch e := event.(type) {
	case payment.RefundRequested:
		refundID = e.RefundID
	case payment.ReviewResolved:
		if e.Decision == payment.DecideRefund {
			refundID = e.RefundID
		}
	case DeadlineFired:
		switch e.Timer {
		case TimerRetry:
			refundID = e.Ref
		case TimerConfirm:
			refundID, ask.What = e.Ref, AskWhat
		}
	}
	var known bool
	ask.Refund, known = account.Refund(refundID)
	return ask, known && ask.Refund.Open()
}
