package payment

import (
	"slices"

	"ordermill/domain/decider"
)

// Reasons of reviews.
const (
	ReviewConflictingDuplicate = "conflicting_duplicate" // the identity of this money was claimed with other contents
	ReviewRefundFailed         = "refund_failed"         // a refund was tried in vain, and is not tried again by itself
	ReviewRefundUnconfirmed    = "refund_unconfirmed"    // nobody said what became of a refund
	ReviewRefundReversed       = "refund_reversed"       // a refund failed after it had succeeded
	ReviewUnrequestedRefund    = "unrequested_refund"    // money went back that nobody had asked to send
)

// Decisions on a review. What each means for which reason stands in resolveReview.
const (
	DecideApply   = "apply"
	DecideRefund  = "refund"
	DecideDismiss = "dismiss"
)

type (
	// RaiseReview asks a person to look. The same question is not asked twice, whatever its id, and none about a refund that
	// was answered meanwhile.
	RaiseReview struct {
		ReviewID, Reason, CaptureID, RefundID string
		AmountMinor                           int64
		Currency                              string
		Code                                  string
	}
	// ResolveReview answers it.
	ResolveReview struct {
		ReviewID, Decision, NoteRef string
		RefundID                    string // of the refund that may follow
		ConfirmBy                   int64  // of it, ms since 1970
		Now                         int64  // ms since 1970
	}
)

func (RaiseReview) command()   {}
func (ResolveReview) command() {}

func raiseReview(s State, c RaiseReview) []Event {
	waits := c.Reason == ReviewRefundFailed || c.Reason == ReviewRefundUnconfirmed
	if r, _ := s.Refund(c.RefundID); waits && !r.Open() {
		return nil
	}
	same := func(r Review) bool { r.ReviewID = c.ReviewID; return r == Review(c) }
	if slices.ContainsFunc(s.Reviews, same) {
		return nil
	}
	return []Event{ReviewRaised(c)}
}

func resolveReview(s State, c ResolveReview) ([]Event, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	review, open := s.Review(c.ReviewID)
	if !open {
		return nil, decider.Refuse("unknown-review", "the account has no open review with this id")
	}
	resolved := ReviewResolved{ReviewID: review.ReviewID, Decision: c.Decision, NoteRef: c.NoteRef}
	switch review.Reason {
	case ReviewConflictingDuplicate:
		return s.resolveDuplicate(review, c, resolved), nil
	case ReviewUnrequestedRefund:
		return s.resolveUnrequested(review, c, resolved)
	}
	return s.resolveRefund(review, c, resolved), nil
}

// resolveRefund: it is tried again (refund), it was paid out (apply), or the money stays (dismiss). That answers whatever else
// is asked about the refund.
func (s State) resolveRefund(review Review, c ResolveReview, resolved ReviewResolved) (events []Event) {
	for _, other := range s.Reviews {
		if other.aboutRefund(review.RefundID) && other.ReviewID != review.ReviewID {
			events = append(events, ReviewResolved{ReviewID: other.ReviewID, Decision: c.Decision, NoteRef: c.NoteRef})
		}
	}
	resolved.RefundID = review.RefundID
	if c.Decision == DecideRefund {
		resolved.ConfirmBy = c.ConfirmBy
	}
	events = append(events, resolved)
	if r, _ := s.Refund(review.RefundID); c.Decision == DecideApply && r.Status != RefundDone {
		events = append(events, Refunded{RefundID: review.RefundID})
	}
	return events
}

// aboutRefund reports whether the review asks what became of a refund.
func (r Review) aboutRefund(refundID string) bool {
	switch r.Reason {
	case ReviewRefundFailed, ReviewRefundUnconfirmed, ReviewRefundReversed:
		return r.RefundID == refundID
	}
	return false
}

func (c ResolveReview) validate() error {
	var wrong decider.Fields
	if !slices.Contains([]string{DecideApply, DecideRefund, DecideDismiss}, c.Decision) {
		wrong.Add("/decision", "unknown-decision", "apply, refund or dismiss")
	}
	if c.NoteRef != "" {
		wrong.ID("/note_ref", c.NoteRef)
	}
	return wrong.Refusal()
}

// resolveDuplicate: the money arrived (apply), arrived and goes back (refund), or never did (dismiss).
func (s State) resolveDuplicate(review Review, c ResolveReview, resolved ReviewResolved) []Event {
	events := []Event{resolved}
	if c.Decision == DecideDismiss {
		return events
	}
	events = append(events, Captured{CaptureID: review.ReviewID, AmountMinor: review.AmountMinor, Currency: review.Currency,
		Source: "review", OccurredAt: c.Now})
	if c.Decision == DecideRefund {
		events = append(events, RefundRequested{RefundID: c.RefundID, CaptureID: review.ReviewID, AmountMinor: review.AmountMinor,
			Currency: review.Currency, Reason: ReasonOperator, Code: ReviewConflictingDuplicate, ConfirmBy: c.ConfirmBy})
	}
	return events
}

// resolveUnrequested books the money that went back against the newest capture with enough left (apply), or not (dismiss).
func (s State) resolveUnrequested(review Review, c ResolveReview, resolved ReviewResolved) ([]Event, error) {
	switch {
	case c.Decision == DecideDismiss:
		return []Event{resolved}, nil
	case review.Code != "":
		return nil, unfit("nothing was paid out that could be booked", DecideDismiss)
	case c.Decision == DecideRefund:
		return nil, unfit("the money went back already", DecideApply, DecideDismiss)
	}
	capture, enough := s.newestWith(review.AmountMinor, review.Currency)
	if !enough {
		return nil, unfit("no money of that amount is left on the account to book it against", DecideDismiss)
	}
	return []Event{resolved,
		RefundRequested{RefundID: review.ReviewID, CaptureID: capture.CaptureID, AmountMinor: review.AmountMinor,
			Currency: review.Currency, Reason: ReasonOperator, Code: ReviewUnrequestedRefund, ConfirmBy: c.Now},
		Refunded{RefundID: review.ReviewID}}, nil
}

// unfit refuses a decision that does not go with the review's reason, and tells those that do.
func unfit(detail string, allowed ...string) error {
	refusal := decider.Refuse("review-decision-conflict", detail)
	refusal.Extra = map[string]any{"allowed": allowed}
	return refusal
}

// ReasonOperator is the reason of a refund that a person asked for.
const ReasonOperator = "operator"
