package checkout

import (
	"fmt"

	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// World is what a step sees: its streams at their heads, the time, and how long things wait. Step changes none of it.
type World struct {
	OrderID string
	Order   order.State
	Account payment.State
	Memory  State
	Stock   func(sku string) inventory.State
	Now     int64                        // ms since 1970
	NewID   func(parts ...string) string // the same parts give the same id in every try of this step, and only in this step

	PaymentWindow int64 // ms an order waits for its money
	HoldGrace     int64 // ms its stock is held beyond that
	UnmatchedFor  int64 // ms money waits for its order
	ConfirmWithin int64 // ms a provider has to say what became of a refund
}

// Outcome is what a step says, to be appended at once and at the versions that it saw. Nothing at all is common.
type Outcome struct {
	Order   []order.Event
	Payment []payment.Event
	Memory  []Event
	Stock   []inventory.SKUEvents // each SKU once
}

// Reasons of refunds, of closed requests and of cancelled orders.
const (
	ReasonOverpayment            = "overpayment"
	ReasonLatePayment            = "late_payment"
	ReasonCurrencyMismatch       = "currency_mismatch"
	ReasonOrderRejected          = "order_rejected"
	ReasonCancelled              = "cancelled"
	ReasonExpired                = "expired"
	ReasonOutOfStock             = order.ReasonOutOfStock
	ReasonOutOfStockAfterPayment = "out_of_stock_after_payment"
	ReasonUnknownOrder           = "unknown_order"
)

// Step does everything that is left to do for an order.
func Step(w World) Outcome {
	s := &step{World: w}
	s.Account = w.Account.Clone()
	s.run()
	return s.said
}

// step is a World that moves on with what is said.
type step struct {
	World
	said Outcome
}

func (s *step) run() {
	if s.Order.Exists() {
		s.settle()
	} else {
		s.park()
	}
	s.review()
}

// park lets money wait for its order, and sends it back when it has waited long enough.
func (s *step) park() {
	for _, c := range s.Account.Fresh() {
		if s.Memory.HasFired(Deadline{TimerUnmatched, c.CaptureID, 1}) {
			s.refund(c, s.Account.Undecided(c), ReasonUnknownOrder)
		} else {
			s.account(payment.Park{CaptureID: c.CaptureID, Until: s.Now + s.UnmatchedFor})
		}
	}
}

func (s *step) settle() {
	s.refundForeign()
	switch {
	case s.Order.Status == order.StatusCompleted:
		s.refundFresh(ReasonOverpayment)
	case s.Memory.Finished():
		s.refundFresh(ReasonLatePayment)
	case s.Order.Closed():
		s.closeAtHead()
	case s.Order.Status == order.StatusConfirmed:
		s.refundFresh(ReasonOverpayment)
		s.fulfil()
	default:
		s.advance()
	}
}

// advance takes a live order as far as its stock and money allow.
func (s *step) advance() {
	s.match()
	if s.Memory.Stock == "" && !s.reserve() {
		s.order(order.Reject{Reason: ReasonOutOfStock, Shortages: s.Memory.Shortages})
		s.close(ReasonOutOfStock)
		return
	}
	sums := s.Account.Sums(terms(s.Order))
	if sums.OutstandingMinor > 0 {
		s.awaitPayment(sums.OutstandingMinor)
		return
	}
	if !s.secure() {
		s.order(order.Cancel{Reason: ReasonOutOfStockAfterPayment})
		s.close(ReasonOutOfStockAfterPayment)
		return
	}
	s.order(order.Confirm{})
	s.refundExcess(sums.PaidMinor() - sums.DueMinor)
}

// maxRequests is how often the customer is asked for the same money.
const maxRequests = 3

// awaitPayment asks for the money that is missing: once, because money that comes in parts is awaited by the first request,
// and again if that failed and may be tried again. When the time is up, the order expires.
func (s *step) awaitPayment(amount int64) {
	last, asked := s.Account.LastRequest()
	switch {
	case s.Order.Status == order.StatusPlaced:
		s.order(order.AwaitPayment{PayBy: s.Now + s.PaymentWindow})
	case s.overdue():
		s.order(order.Expire{})
		s.close(ReasonExpired)
		return
	case !asked || last.FailedCode == "" || !last.Retryable || last.Attempt >= maxRequests:
		return
	}
	s.account(payment.Ask{
		RequestID: s.NewID("request"), Attempt: last.Attempt + 1, AmountMinor: amount, Currency: s.Order.Currency, ExpiresAt: s.Order.PayBy,
	})
}

// overdue reports whether the payment window has closed; its timer says so, no clock.
func (s *step) overdue() bool {
	first, asked := s.Account.FirstRequest()
	return asked && s.Memory.HasFired(Deadline{TimerPayment, first.RequestID, 1})
}

// fulfil takes what was shipped out of the stock, and ends the order once everything was delivered.
func (s *step) fulfil() {
	s.commitShipped()
	if s.Order.Fulfillment() == order.FullyDelivered {
		s.order(order.Complete{})
		s.remember(Finished{Outcome: s.Order.Status})
	}
}

// review asks a person about refunds that are not tried again by themselves.
func (s *step) review() {
	for _, r := range s.Account.Refunds {
		if r.Status == payment.RefundFaulty && r.RetryAt == 0 {
			s.account(payment.RaiseReview{ReviewID: s.NewID("review", r.RefundID), Reason: payment.ReviewRefundFailed, CaptureID: r.CaptureID,
				RefundID: r.RefundID, AmountMinor: r.AmountMinor, Currency: r.Currency, Code: r.FailedCode})
		}
	}
}

// closeAtHead clears up after an order that somebody else ended.
func (s *step) closeAtHead() {
	switch {
	case !s.Order.Placed():
		s.close(ReasonOrderRejected)
	case s.Order.Status == order.StatusExpired:
		s.close(ReasonExpired)
	default:
		s.close(ReasonCancelled)
	}
}

// close clears up after an order that has ended: nothing is asked for, nothing is held, all money goes back.
func (s *step) close(reason string) {
	s.account(payment.StopAsking{Reason: reason})
	s.release(reason)
	for _, c := range s.Account.Captures {
		s.refund(c, s.Account.Left(c), reason)
	}
	s.remember(Finished{Outcome: s.Order.Status})
}

// order, account and remember say something and move the step's world on with it.
func (s *step) order(command order.Command) {
	events := must(order.Decider.Decide(s.Order, command))
	s.Order = order.Decider.Fold(s.Order, events...)
	s.said.Order = append(s.said.Order, events...)
}

func (s *step) account(command payment.Command) {
	events := must(payment.Decider.Decide(s.Account, command))
	s.Account = payment.Decider.Fold(s.Account, events...)
	s.said.Payment = append(s.said.Payment, events...)
}

func (s *step) remember(event Event) {
	s.Memory = Evolve(s.Memory, event)
	s.said.Memory = append(s.said.Memory, event)
}

// must holds what the step relies on: it only asks for what its streams allow.
func must[E decider.Event](events []E, err error) []E {
	if err != nil {
		panic(fmt.Sprintf("a step asked for what is not allowed: %v", err))
	}
	return events
}
