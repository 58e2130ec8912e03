package checkout

import (
	"slices"

	"ordermill/domain/decider"
	"ordermill/domain/order"
)

// Category of the process manager's own stream, checkout-{order_id}.
const Category = "checkout"

// Names of the events in the log.
const (
	StockReservedType = "checkout.stock_reserved"
	StockRejectedType = "checkout.stock_rejected"
	StockSecuredType  = "checkout.stock_secured"
	StockLostType     = "checkout.stock_lost"
	StockReleasedType = "checkout.stock_released"
	DeadlineFiredType = "checkout.deadline_fired"
	FinishedType      = "checkout.finished"
)

// Event is what the process manager remembers.
//
//sumtype:decl
type Event interface {
	decider.Event
	checkout()
}

type (
	// StockReserved: all lines are held softly.
	StockReserved struct{}
	// StockRejected: a line could not be held, so none is.
	StockRejected struct {
		Shortages []order.Shortage `json:"shortages"`
	}
	// StockSecured: all lines are held for good.
	StockSecured struct{}
	// StockLost: the order is paid, but its holds ran out and could not be taken anew.
	StockLost struct {
		Shortages []order.Shortage `json:"shortages"`
	}
	// StockReleased: nothing is held any more.
	StockReleased struct{}
	// DeadlineFired: a timer ran out: `payment`, `retry`, `confirm` or `unmatched`; what that means is decided by the step that it wakes.
	DeadlineFired struct{ Deadline }
	// Finished: the order is closed and cleared up; only late money is left to answer.
	Finished struct {
		Outcome string `json:"outcome"` // the order's terminal status
	}
)

// EventType is the event's name in the log.
func (StockReserved) EventType() string { return StockReservedType }

// EventType is the event's name in the log.
func (StockRejected) EventType() string { return StockRejectedType }

// EventType is the event's name in the log.
func (StockSecured) EventType() string { return StockSecuredType }

// EventType is the event's name in the log.
func (StockLost) EventType() string { return StockLostType }

// EventType is the event's name in the log.
func (StockReleased) EventType() string { return StockReleasedType }

// EventType is the event's name in the log.
func (DeadlineFired) EventType() string { return DeadlineFiredType }

// EventType is the event's name in the log.
func (Finished) EventType() string { return FinishedType }

func (StockReserved) checkout() {}
func (StockRejected) checkout() {}
func (StockSecured) checkout()  {}
func (StockLost) checkout()     {}
func (StockReleased) checkout() {}
func (DeadlineFired) checkout() {}
func (Finished) checkout()      {}

// Values of State.Stock.
const (
	StockIsReserved = "reserved"
	StockIsRejected = "rejected"
	StockIsSecured  = "secured"
	StockIsLost     = "lost"
	StockIsReleased = "released"
)

// State is the process manager's memory as its stream tells; the zero State is a checkout that did not begin.
type State struct {
	Stock     string           `json:"stock,omitempty"`     // what became of the stock; "": not looked at
	Shortages []order.Shortage `json:"shortages,omitempty"` // why it was rejected or lost
	Outcome   string           `json:"outcome,omitempty"`   // the order's terminal status, once all is cleared up
	Fired     []Deadline       `json:"fired,omitempty"`     // the timers that ran out
}

// HasFired reports whether a timer ran out.
func (s State) HasFired(d Deadline) bool { return slices.Contains(s.Fired, d) }

// Finished reports whether the order is closed and cleared up.
func (s State) Finished() bool { return s.Outcome != "" }

// Evolve gives the memory after an event. It never writes into a slice of s.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case StockReserved:
		s.Stock = StockIsReserved
	case StockRejected:
		s.Stock, s.Shortages = StockIsRejected, e.Shortages
	case StockSecured:
		s.Stock = StockIsSecured
	case StockLost:
		s.Stock, s.Shortages = StockIsLost, e.Shortages
	case StockReleased:
		s.Stock = StockIsReleased
	case DeadlineFired:
		s.Fired = append(slices.Clip(s.Fired), e.Deadline)
	case Finished:
		s.Outcome = e.Outcome
	}
	return s
}
