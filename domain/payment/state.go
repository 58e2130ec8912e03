package payment

import "slices"

// Category of an account's stream, payment-{order_id}.
const Category = "payment"

// Values of Refund.Status.
const (
	RefundOpen   = "requested"
	RefundDone   = "refunded"
	RefundFaulty = "failed" // tried in vain; still open
)

// State is an account as its stream tells; the zero State is one that nothing happened on. Lists are in order of arrival.
type State struct {
	Captures []Capture `json:"captures,omitempty"`
	Requests []Request `json:"requests,omitempty"`
	Refunds  []Refund  `json:"refunds,omitempty"`
	Reviews  []Review  `json:"reviews,omitempty"` // open ones
}

// Capture is money that arrived.
type Capture struct {
	CaptureID    string `json:"capture_id"`
	AmountMinor  int64  `json:"amount_minor"`
	Currency     string `json:"currency"`
	Source       string `json:"source"`
	OccurredAt   int64  `json:"occurred_at"`
	Matched      bool   `json:"matched"` // counted for the order
	AppliedMinor int64  `json:"applied_minor"`
	ExcessMinor  int64  `json:"excess_minor"`
	ParkUntil    int64  `json:"park_until,omitempty"` // not 0: it came without an order and waits until then
}

// Request is money that the customer was asked for.
type Request struct {
	RequestID   string `json:"request_id"`
	Attempt     int64  `json:"attempt"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	ExpiresAt   int64  `json:"expires_at"`
	FailedCode  string `json:"failed_code,omitempty"` // not "": the customer could not pay it
	Retryable   bool   `json:"retryable,omitempty"`
	Closed      string `json:"closed,omitempty"` // not "": why it is not asked for any more
}

// Refund is money that goes back, or went. It is open until it is done.
type Refund struct {
	RefundID    string `json:"refund_id"`
	CaptureID   string `json:"capture_id"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Reason      string `json:"reason"`
	Code        string `json:"code,omitempty"`
	Status      string `json:"status"`
	FailedCode  string `json:"failed_code,omitempty"`
	Attempts    int64  `json:"attempts"` // answers that came
}

// Review is a question for a person.
type Review struct {
	ReviewID    string `json:"review_id"`
	Reason      string `json:"reason"`
	CaptureID   string `json:"capture_id,omitempty"`
	AmountMinor int64  `json:"amount_minor,omitempty"`
	Currency    string `json:"currency,omitempty"`
}

// Clone is a copy that can be evolved while the original stays.
func (s State) Clone() State {
	return State{slices.Clone(s.Captures), slices.Clone(s.Requests), slices.Clone(s.Refunds), slices.Clone(s.Reviews)}
}

// NeedsReview reports whether a review is open.
func (s State) NeedsReview() bool { return len(s.Reviews) > 0 }

// Capture finds a capture by its id.
func (s State) Capture(id string) (Capture, bool) {
	i := slices.IndexFunc(s.Captures, func(c Capture) bool { return c.CaptureID == id })
	if i < 0 {
		return Capture{}, false
	}
	return s.Captures[i], true
}

// Refund finds a refund by its id.
func (s State) Refund(id string) (Refund, bool) {
	i := slices.IndexFunc(s.Refunds, func(r Refund) bool { return r.RefundID == id })
	if i < 0 {
		return Refund{}, false
	}
	return s.Refunds[i], true
}

// LastRequest is the newest request, open or not.
func (s State) LastRequest() (Request, bool) {
	if len(s.Requests) == 0 {
		return Request{}, false
	}
	return s.Requests[len(s.Requests)-1], true
}

// Left is what of a capture is not refunded, nor going to be.
func (s State) Left(c Capture) int64 {
	left := c.AmountMinor
	for _, r := range s.Refunds {
		if r.CaptureID == c.CaptureID {
			left -= r.AmountMinor
		}
	}
	return left
}

// Fresh tells the captures that nobody has decided about: neither counted for an order nor refunded in any part.
func (s State) Fresh() (fresh []Capture) {
	for _, c := range s.Captures {
		if !c.Matched && s.Left(c) == c.AmountMinor {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

func evolve(s State, event Event) State {
	switch e := event.(type) {
	case Captured:
		s.Captures = append(s.Captures, Capture{
			CaptureID: e.CaptureID, AmountMinor: e.AmountMinor, Currency: e.Currency, Source: e.Source, OccurredAt: e.OccurredAt,
		})
	case Matched:
		s.capture(e.CaptureID, func(c *Capture) { c.Matched, c.AppliedMinor, c.ExcessMinor = true, e.AppliedMinor, e.ExcessMinor })
	case Unmatched:
		s.capture(e.CaptureID, func(c *Capture) { c.ParkUntil = e.ParkUntil })
	case Requested:
		s.Requests = append(s.Requests, Request{
			RequestID: e.RequestID, Attempt: e.Attempt, AmountMinor: e.AmountMinor, Currency: e.Currency, ExpiresAt: e.ExpiresAt,
		})
	case Failed:
		s.request(e.RequestID, func(r *Request) { r.FailedCode, r.Retryable = e.Code, e.Retryable })
	case RequestClosed:
		s.request(e.RequestID, func(r *Request) { r.Closed = e.Reason })
	case RefundRequested:
		s.Refunds = append(s.Refunds, Refund{
			RefundID: e.RefundID, CaptureID: e.CaptureID, AmountMinor: e.AmountMinor, Currency: e.Currency,
			Reason: e.Reason, Code: e.Code, Status: RefundOpen,
		})
	case Refunded:
		s.refund(e.RefundID, func(r *Refund) { r.Status, r.FailedCode, r.Attempts = RefundDone, "", r.Attempts+1 })
	case RefundFailed:
		s.refund(e.RefundID, func(r *Refund) { r.Status, r.FailedCode, r.Attempts = RefundFaulty, e.Code, r.Attempts+1 })
	case ReviewRaised:
		s.Reviews = append(s.Reviews, Review(e))
	}
	return s
}

func (s State) capture(id string, change func(*Capture)) {
	for i := range s.Captures {
		if s.Captures[i].CaptureID == id {
			change(&s.Captures[i])
		}
	}
}

func (s State) request(id string, change func(*Request)) {
	for i := range s.Requests {
		if s.Requests[i].RequestID == id {
			change(&s.Requests[i])
		}
	}
}

func (s State) refund(id string, change func(*Refund)) {
	for i := range s.Refunds {
		if s.Refunds[i].RefundID == id {
			change(&s.Refunds[i])
		}
	}
}
