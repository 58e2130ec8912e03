package order

import "ordermill/domain/decider"

// Command asks for a change of an order. Those of the checkout that come too late are nothing, not an error: the first word
// on an order counts.
//
//sumtype:decl
type Command interface{ command() }

type (
	// Reject ends an order whose goods cannot be held.
	Reject struct {
		Reason    string
		Shortages []Shortage
	}
	// AwaitPayment says until when (ms since 1970) the order waits for its money.
	AwaitPayment struct{ PayBy int64 }
	// Confirm says that the order is paid and its goods are held for good.
	Confirm struct{}
	// Cancel ends an order without delivery.
	Cancel struct{ Reason string }
	// Expire ends an order that was not paid in time.
	Expire struct{}
	// RecordConfirmationSent notes that the customer was told; once is enough.
	RecordConfirmationSent struct{ Channel, MessageID string }
)

func (Reject) command()                 {}
func (AwaitPayment) command()           {}
func (Confirm) command()                {}
func (Cancel) command()                 {}
func (Expire) command()                 {}
func (RecordConfirmationSent) command() {}

// Decider is the rules of order-{order_id}.
var Decider = decider.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Evolve:  evolve,
	Decide:  decide,
}

func decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case Place:
		return place(s, c)
	case Reject:
		return when(s.Status == StatusPlaced, Rejected{Reason: c.Reason, Shortages: c.Shortages})
	case AwaitPayment:
		return when(s.Status == StatusPlaced, PaymentAwaited(c))
	case Confirm:
		return when(s.unpaid(), Confirmed(c))
	case Cancel:
		return when(s.Live(), Cancelled(c))
	case Expire:
		return when(s.unpaid(), Expired(c))
	case RecordConfirmationSent:
		return when(s.Exists() && s.ConfirmationSent == "", ConfirmationSent(c))
	}
	return nil, nil
}

// unpaid reports whether the order is placed and neither confirmed nor over.
func (s State) unpaid() bool { return s.Status == StatusPlaced || s.Status == StatusAwaitingPayment }

func when(condition bool, event Event) ([]Event, error) {
	if !condition {
		return nil, nil
	}
	return []Event{event}, nil
}
