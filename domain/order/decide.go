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
	// Cancel ends an order without delivery, as the checkout says it.
	Cancel struct{ Reason string }
	// CancelOnRequest ends an order because somebody wants that. It is refused once goods have left, or the order has ended
	// otherwise; once more is nothing new.
	CancelOnRequest struct{ Reason string } // a code
	// Complete ends an order of which everything was delivered.
	Complete struct{}
	// Expire ends an order that was not paid in time: one that nobody was asked to pay yet has no time that could run out.
	Expire struct{}
	// RecordConfirmationSent notes that the customer was told; once is enough.
	RecordConfirmationSent struct{ Channel, MessageID string }
)

func (Reject) command()                 {}
func (AwaitPayment) command()           {}
func (Confirm) command()                {}
func (Cancel) command()                 {}
func (CancelOnRequest) command()        {}
func (Complete) command()               {}
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
		return when(s.Live() && len(s.Shipments) == 0, Cancelled(c))
	case CancelOnRequest:
		return cancelOnRequest(s, c)
	case Ship:
		return ship(s, c)
	case Deliver:
		return deliver(s, c)
	case Complete:
		return when(s.Status == StatusConfirmed && s.Fulfillment() == FullyDelivered, Completed(c))
	case Expire:
		return when(s.Status == StatusAwaitingPayment, Expired(c))
	case RecordConfirmationSent:
		return when(s.Exists() && s.ConfirmationSent == "", ConfirmationSent(c))
	}
	return nil, nil
}

func cancelOnRequest(s State, c CancelOnRequest) ([]Event, error) {
	var wrong decider.Fields
	wrong.ID("/reason", c.Reason)
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	switch {
	case !s.Exists():
		return nil, Unknown()
	case s.Status == StatusCancelled:
		return nil, nil
	case s.Terminal():
		return nil, s.refuse("order-not-cancellable", "the order has ended already")
	case len(s.Shipments) > 0:
		return nil, s.refuse("order-not-cancellable", "goods have left already; refund what comes back")
	}
	return []Event{Cancelled(c)}, nil
}

// Refundable reports whether a person may refund money of the order: nil, or the refusal. While an order is on its way, its
// money is the checkout's: cancel it instead.
func (s State) Refundable() error {
	switch {
	case !s.Exists():
		return Unknown()
	case s.Status != StatusConfirmed && !s.Terminal():
		return s.refuse("order-not-refundable", "an order that is not confirmed yet is cancelled instead; its money goes back then")
	}
	return nil
}

// Unknown is the refusal of a command about an order that there is not.
func Unknown() error { return decider.Refuse("unknown-order", "there is no order with this id") }

// refuse tells the order's status with the refusal.
func (s State) refuse(code, detail string) error {
	refusal := decider.Refuse(code, detail)
	refusal.Extra = map[string]any{"current_status": s.Status}
	return refusal
}

// unpaid reports whether the order is placed and neither confirmed nor over.
func (s State) unpaid() bool { return s.Status == StatusPlaced || s.Status == StatusAwaitingPayment }

func when(condition bool, event Event) ([]Event, error) {
	if !condition {
		return nil, nil
	}
	return []Event{event}, nil
}
