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
	if !s.Order.Exists() {
		for _, c := range s.Account.Fresh() {
			s.account(payment.Park{CaptureID: c.CaptureID, Until: s.Now + s.UnmatchedFor})
		}
		return
	}
	s.refundForeign()
	switch {
	case s.Memory.Finished():
		s.refundFresh(ReasonLatePayment)
	case s.Order.Terminal():
		s.closeAtHead()
	case s.Order.Status == order.StatusConfirmed:
		s.refundFresh(ReasonOverpayment)
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

// awaitPayment asks for the money, once: money that comes in parts is awaited by the first request.
func (s *step) awaitPayment(amount int64) {
	if s.Order.Status != order.StatusPlaced {
		return
	}
	payBy := s.Now + s.PaymentWindow
	s.order(order.AwaitPayment{PayBy: payBy})
	s.account(payment.Ask{
		RequestID: s.NewID("request"), Attempt: 1, AmountMinor: amount, Currency: s.Order.Currency, ExpiresAt: payBy,
	})
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
