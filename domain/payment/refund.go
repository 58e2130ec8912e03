package payment

import (
	"slices"

	"ordermill/domain/decider"
	"ordermill/domain/money"
)

type (
	// RequestRefund sends money of a capture back, never more than is left of it. Without a capture's id it comes from the
	// newest one in Currency that has enough left.
	RequestRefund struct {
		RefundID, CaptureID string
		AmountMinor         int64
		Currency            string // only used to find a capture
		Reason, Code        string
		ConfirmBy           int64 // ms since 1970
	}
	// RefundUnmatched sends money back, whole, that came without an order and still waits for one.
	RefundUnmatched struct {
		RefundID, CaptureID, Reason string
		ConfirmBy                   int64 // ms since 1970
	}
	// RecordRefunded notes that money went back. It names the refund by its id, or by its amount: the oldest open one. A refund
	// that nobody requested is a question for a person.
	RecordRefunded struct{ Answered }
	// RecordRefundFailed notes that it did not. Retry says when to try again, after so many failures.
	RecordRefundFailed struct {
		Answered
		Code  string
		Retry Ladder
		Now   int64 // ms since 1970
	}
)

// Answered is what a provider, or an operator, says of a refund.
type Answered struct {
	RefundID    string
	AmountMinor int64  // 0: the refund's own
	Currency    string // with AmountMinor
	ReviewID    string // used if a review has to be raised
}

// Ladder is how long to wait before each new try of a refund, in ms, and how long an answer may take.
type Ladder struct {
	Waits   []int64
	Confirm int64
}

func (RequestRefund) command()      {}
func (RefundUnmatched) command()    {}
func (RecordRefunded) command()     {}
func (RecordRefundFailed) command() {}

func requestRefund(s State, c RequestRefund) ([]Event, error) {
	if _, known := s.Refund(c.RefundID); known {
		return nil, nil
	}
	var wrong decider.Fields
	wrong.Range("/amount_minor", c.AmountMinor, 1, money.Max, "1 to 2^53-1 minor units")
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	capture, known := s.Capture(c.CaptureID)
	switch {
	case c.CaptureID == "":
		if capture, known = s.newestWith(c.AmountMinor, c.Currency); !known {
			return nil, exceeds()
		}
	case !known:
		return nil, unknownCapture()
	case c.AmountMinor > s.Left(capture):
		return nil, exceeds()
	}
	return []Event{RefundRequested{RefundID: c.RefundID, CaptureID: capture.CaptureID, AmountMinor: c.AmountMinor,
		Currency: capture.Currency, Reason: c.Reason, Code: c.Code, ConfirmBy: c.ConfirmBy}}, nil
}

func refundUnmatched(s State, c RefundUnmatched) ([]Event, error) {
	if _, known := s.Refund(c.RefundID); known {
		return nil, nil
	}
	capture, err := s.waiting(c.CaptureID)
	if err != nil {
		return nil, err
	}
	return []Event{RefundRequested{RefundID: c.RefundID, CaptureID: c.CaptureID, AmountMinor: capture.AmountMinor,
		Currency: capture.Currency, Reason: c.Reason, ConfirmBy: c.ConfirmBy}}, nil
}

// waiting finds money that came without an order and waits for one.
func (s State) waiting(captureID string) (Capture, error) {
	capture, known := s.Capture(captureID)
	switch {
	case !known:
		return capture, unknownCapture()
	case capture.ParkUntil == 0 || s.Undecided(capture) < capture.AmountMinor:
		return capture, decider.Refuse("capture-not-unmatched", "this money was matched, refunded or moved already")
	}
	return capture, nil
}

func exceeds() error {
	return decider.Refuse("refund-exceeds-captured", "less than this is left of the money that was captured")
}

// newestWith finds the newest capture of which an amount is left.
func (s State) newestWith(amount int64, currency string) (Capture, bool) {
	for _, c := range slices.Backward(s.Captures) {
		if c.Currency == currency && s.Left(c) >= amount {
			return c, true
		}
	}
	return Capture{}, false
}

// about finds the refund that an answer means.
func (s State) about(a Answered) (Refund, bool) {
	for _, r := range s.Refunds {
		sum := a.AmountMinor == r.AmountMinor && a.Currency == r.Currency
		switch {
		case a.RefundID == "" && sum && r.Open():
			return r, true
		case a.RefundID == r.RefundID && (sum || a.AmountMinor == 0):
			return r, true
		}
	}
	return Refund{}, false
}

// answer finds the refund that an answer means, and lets follow say what that leads to. An answer to a refund that nobody
// requested is a question for a person; a failed one has a code.
func (s State) answer(a Answered, code string, follow func(Refund) []Event) ([]Event, error) {
	var wrong decider.Fields
	wrong.Range("/amount_minor", a.AmountMinor, 0, money.Max, "1 to 2^53-1 minor units")
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	r, known := s.about(a)
	switch {
	case !known && a.AmountMinor == 0:
		return nil, decider.Refuse("unknown-refund", "the account has no refund with this id")
	case !known:
		return s.unrequested(a, code), nil
	}
	return follow(r), nil
}

func (s State) paidOut(r Refund, c RecordRefunded) []Event {
	if r.Status == RefundDone {
		return nil
	}
	if capture, _ := s.Capture(r.CaptureID); r.Status == RefundKept && s.Left(capture) < r.AmountMinor {
		// It was to be kept, and other refunds have taken its money since.
		return s.unrequested(Answered{RefundID: r.RefundID, AmountMinor: r.AmountMinor, Currency: r.Currency, ReviewID: c.ReviewID}, "")
	}
	events := []Event{Refunded{RefundID: r.RefundID}}
	for _, review := range s.Reviews { // the answer that they wait for
		if review.RefundID == r.RefundID {
			events = append(events, ReviewResolved{ReviewID: review.ReviewID, Decision: DecideApply, RefundID: r.RefundID})
		}
	}
	return events
}

func (s State) notPaidOut(r Refund, c RecordRefundFailed) []Event {
	switch {
	case r.Status == RefundDone:
		return raiseReview(s, RaiseReview{ReviewID: c.ReviewID, Reason: ReviewRefundReversed, CaptureID: r.CaptureID,
			RefundID: r.RefundID, AmountMinor: r.AmountMinor, Currency: r.Currency, Code: c.Code})
	case r.Status == RefundKept || r.Status == RefundFaulty && r.RetryAt == 0:
		return nil // nobody tries it any more
	}
	failed := RefundFailed{RefundID: r.RefundID, Code: c.Code}
	if r.Failures < int64(len(c.Retry.Waits)) {
		failed.RetryAt = c.Now + c.Retry.Waits[r.Failures]
		failed.ConfirmBy = failed.RetryAt + c.Retry.Confirm
	}
	return []Event{failed}
}

// unrequested asks a person about an answer to a refund that nobody requested; a failed one has a code.
func (s State) unrequested(a Answered, code string) []Event {
	return raiseReview(s, RaiseReview{ReviewID: a.ReviewID, Reason: ReviewUnrequestedRefund, RefundID: a.RefundID,
		AmountMinor: a.AmountMinor, Currency: a.Currency, Code: code})
}
