package payment

import "slices"

// Category of an account's stream, payment-{order_id}.
const Category = "payment"

// Values of Refund.Status.
const (
	RefundOpen   = "requested"
	RefundDone   = "refunded"
	RefundFaulty = "failed" // tried in vain; still open
	RefundKept   = "kept"   // a review decided that the money stays
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
	ParkUntil    int64  `json:"park_until,omitempty"`  // not 0: it came without an order and waits until then
	ToOrderID    string `json:"to_order_id,omitempty"` // not "": it is on that order's account now, and in no sum here
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

// Open reports whether the customer is still asked.
func (r Request) Open() bool { return r.Closed == "" && r.FailedCode == "" }

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
	Attempts    int64  `json:"attempts"`           // how often it was tried, the try that is under way or due included
	Failures    int64  `json:"failures,omitempty"` // since it was requested, or asked for anew by a review
	RetryAt     int64  `json:"retry_at,omitempty"` // of a failed one, ms since 1970; 0: not by itself
	ConfirmBy   int64  `json:"confirm_by"`         // of the last try, or the next
}

// Open reports whether the refund may still be paid out: it counts as pending.
func (r Refund) Open() bool { return r.Status == RefundOpen || r.Status == RefundFaulty }

// Review is a question for a person.
type Review struct {
	ReviewID    string `json:"review_id"`
	Reason      string `json:"reason"`
	CaptureID   string `json:"capture_id,omitempty"`
	RefundID    string `json:"refund_id,omitempty"`
	AmountMinor int64  `json:"amount_minor,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Code        string `json:"code,omitempty"`
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

// FirstRequest is the oldest request: the order's deadline is its.
func (s State) FirstRequest() (Request, bool) {
	if len(s.Requests) == 0 {
		return Request{}, false
	}
	return s.Requests[0], true
}

// LastRequest is the newest request, open or not.
func (s State) LastRequest() (Request, bool) {
	if len(s.Requests) == 0 {
		return Request{}, false
	}
	return s.Requests[len(s.Requests)-1], true
}

// Review finds an open review by its id.
func (s State) Review(id string) (Review, bool) {
	i := slices.IndexFunc(s.Reviews, func(r Review) bool { return r.ReviewID == id })
	if i < 0 {
		return Review{}, false
	}
	return s.Reviews[i], true
}

// Left is what of a capture is on the account, not refunded, nor going to be.
func (s State) Left(c Capture) int64 {
	if c.ToOrderID != "" {
		return 0
	}
	left := c.AmountMinor
	for _, r := range s.Refunds {
		if r.CaptureID == c.CaptureID && r.Status != RefundKept {
			left -= r.AmountMinor
		}
	}
	return left
}

// Undecided is what of a capture nobody has decided about: it was not counted for an order, nor moved, nor is it in a refund,
// whatever became of that. A part can be decided before the rest: a person may send it back before the checkout has looked.
func (s State) Undecided(c Capture) int64 {
	if c.Matched || c.ToOrderID != "" {
		return 0
	}
	rest := c.AmountMinor
	for _, r := range s.Refunds {
		if r.CaptureID == c.CaptureID {
			rest -= r.AmountMinor
		}
	}
	return max(0, rest)
}

// Fresh tells the captures of which something is undecided.
func (s State) Fresh() (fresh []Capture) {
	for _, c := range s.Captures {
		if s.Undecided(c) > 0 {
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
			Reason: e.Reason, Code: e.Code, Status: RefundOpen, Attempts: 1, ConfirmBy: e.ConfirmBy,
		})
	case Refunded:
		s.refund(e.RefundID, func(r *Refund) { r.Status, r.FailedCode, r.RetryAt = RefundDone, "", 0 })
	case RefundFailed:
		s.refund(e.RefundID, func(r *Refund) { r.fail(e) })
	case ReviewRaised:
		s.Reviews = append(s.Reviews, Review(e))
	case ReviewResolved:
		s.Reviews = slices.DeleteFunc(slices.Clone(s.Reviews), func(r Review) bool { return r.ReviewID == e.ReviewID })
		s.refund(e.RefundID, func(r *Refund) { r.resolve(e) })
	case Reassigned:
		s.capture(e.CaptureID, func(c *Capture) { c.ToOrderID = e.ToOrderID })
	}
	return s
}

func (r *Refund) fail(e RefundFailed) {
	r.Status, r.FailedCode, r.RetryAt = RefundFaulty, e.Code, e.RetryAt
	r.Failures++
	if e.RetryAt != 0 {
		r.Attempts++
		r.ConfirmBy = e.ConfirmBy
	}
}

// resolve follows a review about the refund; that it was paid out is said by an event of its own.
func (r *Refund) resolve(e ReviewResolved) {
	switch e.Decision {
	case DecideRefund:
		r.Status, r.FailedCode, r.RetryAt, r.Failures, r.ConfirmBy = RefundOpen, "", 0, 0, e.ConfirmBy
		r.Attempts++
	case DecideDismiss:
		r.Status, r.RetryAt = RefundKept, 0
	}
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
