package payment

import (
	"slices"

	"ordermill/domain/decider"
	"ordermill/domain/money"
)

// Command asks for a change of an account. What is so already is nothing new.
//
//sumtype:decl
type Command interface{ command() }

type (
	// RecordCapture notes that money arrived. Its identity is claimed in the same append, see Receive.
	RecordCapture struct {
		CaptureID   string
		AmountMinor int64
		Currency    string
		Source      string
		OccurredAt  int64 // ms since 1970, as its sender says
	}
	// Match counts a capture for the order.
	Match struct {
		CaptureID                 string
		AppliedMinor, ExcessMinor int64
	}
	// Park lets a capture wait for an order until a time (ms since 1970).
	Park struct {
		CaptureID string
		Until     int64
	}
	// Ask requests money from the customer.
	Ask struct {
		RequestID   string
		Attempt     int64
		AmountMinor int64
		Currency    string
		ExpiresAt   int64 // ms since 1970
	}
	// StopAsking closes the newest request, if it is open.
	StopAsking struct{ Reason string }
	// RecordFailure notes that the customer could not pay a request; without an id it is the newest. One that fits no open
	// request changes nothing.
	RecordFailure struct {
		RequestID, Code string
		Retryable       bool
	}
	// Reassign moves money that has no order to another order's account, where Arrive records it in the same append.
	Reassign struct{ CaptureID, ToOrderID string }
	// Arrive records money that was reassigned from another account.
	Arrive struct {
		Capture     Capture
		FromOrderID string
	}
)

func (RecordCapture) command() {}
func (Match) command()         {}
func (Park) command()          {}
func (Ask) command()           {}
func (StopAsking) command()    {}
func (RecordFailure) command() {}
func (Reassign) command()      {}
func (Arrive) command()        {}

// Decider is the rules of payment-{order_id}.
var Decider = decider.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Evolve:  evolve,
	Decide:  decide,
}

func decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case RecordCapture:
		return recordCapture(s, c)
	case Match:
		return onCapture(s, c.CaptureID, func(had Capture) bool { return !had.Matched }, Matched(c))
	case Park:
		return onCapture(s, c.CaptureID, func(had Capture) bool { return !had.Matched && had.ParkUntil == 0 }, Unmatched{c.CaptureID, c.Until})
	case Ask:
		if slices.ContainsFunc(s.Requests, func(r Request) bool { return r.RequestID == c.RequestID }) {
			return nil, nil
		}
		return []Event{Requested(c)}, nil
	case StopAsking:
		if request, asked := s.LastRequest(); asked && request.Closed == "" {
			return []Event{RequestClosed{request.RequestID, c.Reason}}, nil
		}
		return nil, nil
	case RecordFailure:
		return recordFailure(s, c), nil
	case Reassign:
		return reassign(s, c)
	case Arrive:
		if _, known := s.Capture(c.Capture.CaptureID); known {
			return nil, nil
		}
		return []Event{Captured{CaptureID: c.Capture.CaptureID, AmountMinor: c.Capture.AmountMinor, Currency: c.Capture.Currency,
			Source: c.Capture.Source, OccurredAt: c.Capture.OccurredAt, FromOrderID: c.FromOrderID}}, nil
	case RequestRefund:
		return requestRefund(s, c)
	case RefundUnmatched:
		return refundUnmatched(s, c)
	case RecordRefunded:
		return s.answer(c.Answered, "", func(r Refund) []Event { return s.paidOut(r, c) })
	case RecordRefundFailed:
		return s.answer(c.Answered, c.Code, func(r Refund) []Event { return s.notPaidOut(r, c) })
	case RaiseReview:
		return raiseReview(s, c), nil
	case ResolveReview:
		return resolveReview(s, c)
	}
	return nil, nil
}

func recordCapture(s State, c RecordCapture) ([]Event, error) {
	var wrong decider.Fields
	wrong.Range("/amount_minor", c.AmountMinor, 1, money.Max, "1 to 2^53-1 minor units")
	if !money.Known(c.Currency) {
		wrong.Add("/currency", "unknown-currency", "a code of ISO 4217, such as USD")
	}
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	if _, known := s.Capture(c.CaptureID); known {
		return nil, nil
	}
	return []Event{Captured{CaptureID: c.CaptureID, AmountMinor: c.AmountMinor, Currency: c.Currency, Source: c.Source, OccurredAt: c.OccurredAt}}, nil
}

// onCapture writes an event about a capture that is there, unless it is so already.
func onCapture(s State, id string, fits func(Capture) bool, event Event) ([]Event, error) {
	had, known := s.Capture(id)
	switch {
	case !known:
		return nil, unknownCapture()
	case !fits(had):
		return nil, nil
	}
	return []Event{event}, nil
}

func recordFailure(s State, c RecordFailure) []Event {
	request, asked := s.LastRequest()
	if !asked || !request.Open() || c.RequestID != "" && c.RequestID != request.RequestID {
		return nil
	}
	return []Event{Failed{RequestID: request.RequestID, Code: c.Code, Retryable: c.Retryable}}
}

func reassign(s State, c Reassign) ([]Event, error) {
	if capture, known := s.Capture(c.CaptureID); known && capture.ToOrderID == c.ToOrderID {
		return nil, nil
	}
	if _, err := s.waiting(c.CaptureID); err != nil {
		return nil, err
	}
	return []Event{Reassigned(c)}, nil
}

func unknownCapture() error {
	return decider.Refuse("unknown-capture", "no money with this capture id is on the account")
}

// Reception is what came of money that arrived.
type Reception string

// Values of Reception.
const (
	Recorded  Reception = "recorded"  // a new capture
	Duplicate Reception = "duplicate" // known money: no event
	Conflict  Reception = "review"    // its identity stands for other money: not counted, a review is open
)

// Receive decides about money whose identity has the given claim, for the account of the order that its letter names. It is
// never refused for what is known already. reviewID is used if a review has to be raised. The events of both streams go into
// one append.
func Receive(claim ClaimState, account State, orderID string, c RecordCapture, reviewID string) ([]ClaimEvent, []Event, Reception, error) {
	captured, err := recordCapture(State{}, c)
	if err != nil {
		return nil, nil, "", err
	}
	claimed, err := ClaimDecider.Decide(claim, Claim{c.CaptureID, orderID, c.AmountMinor, c.Currency})
	switch {
	case err != nil:
		review := raiseReview(account, RaiseReview{ReviewID: reviewID, Reason: ReviewConflictingDuplicate, CaptureID: claim.CaptureID,
			AmountMinor: c.AmountMinor, Currency: c.Currency})
		return nil, review, Conflict, nil
	case len(claimed) == 0:
		return nil, nil, Duplicate, nil
	}
	return claimed, captured, Recorded, nil
}
