package order

// Category of an order's stream, order-{order_id}.
const Category = "order"

// Values of State.Status.
const (
	StatusPlaced          = "placed"
	StatusAwaitingPayment = "awaiting_payment"
	StatusConfirmed       = "confirmed"
	StatusRejected        = "rejected"
	StatusCancelled       = "cancelled"
	StatusExpired         = "expired"
)

// Unfulfilled is the fulfillment status of an order of which nothing was shipped.
const Unfulfilled = "unfulfilled"

// State is an order as its stream tells; the zero State is an order that nobody placed.
type State struct {
	Status           string     `json:"status"`
	Reason           string     `json:"reason,omitempty"` // why it was rejected or cancelled, a code
	Source           string     `json:"source,omitempty"`
	CustomerRef      string     `json:"customer_ref,omitempty"`
	Currency         string     `json:"currency,omitempty"` // of all lines; "" if rejected at the door
	Lines            []Line     `json:"lines,omitempty"`
	GrandTotalMinor  int64      `json:"grand_total_minor"`
	Content          string     `json:"content"`
	Shortages        []Shortage `json:"shortages,omitempty"`
	PayBy            int64      `json:"pay_by,omitempty"`            // ms since 1970
	ConfirmationSent string     `json:"confirmation_sent,omitempty"` // Message-ID of the confirmation
}

// Exists reports whether the order was placed, or rejected at the door.
func (s State) Exists() bool { return s.Status != "" }

// Placed reports whether the order was taken, whatever became of it.
func (s State) Placed() bool { return len(s.Lines) > 0 }

// Terminal reports whether the order has ended, for good.
func (s State) Terminal() bool {
	return s.Status == StatusRejected || s.Status == StatusCancelled || s.Status == StatusExpired
}

// Live reports whether the order was placed and has not ended.
func (s State) Live() bool { return s.Exists() && !s.Terminal() }

// evolve never writes into a slice of s, so a copy of a State stays what it is.
func evolve(s State, event Event) State {
	switch e := event.(type) {
	case Placed:
		s.Status, s.Source, s.CustomerRef, s.Currency = StatusPlaced, e.Source, e.CustomerRef, e.Currency
		s.Lines, s.GrandTotalMinor, s.Content = e.Lines, e.GrandTotalMinor, e.Content
	case Rejected:
		s.Status, s.Reason, s.Shortages = StatusRejected, e.Reason, e.Shortages
		if e.Content != "" {
			s.Content = e.Content
		}
	case PaymentAwaited:
		s.Status, s.PayBy = StatusAwaitingPayment, e.PayBy
	case Confirmed:
		s.Status = StatusConfirmed
	case ConfirmationSent:
		s.ConfirmationSent = e.MessageID
	case Cancelled:
		s.Status, s.Reason = StatusCancelled, e.Reason
	case Expired:
		s.Status = StatusExpired
	}
	return s
}
