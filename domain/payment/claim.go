package payment

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"ordermill/domain/decider"
)

// ClaimCategory of the streams in which identities of money are claimed, capture-{sha256 of the identity}, see ClaimID.
const ClaimCategory = "capture"

// ClaimedType names the event.
const ClaimedType = "capture.claimed"

// ClaimID names the stream of an identity.
func ClaimID(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:])
}

// BareIdentity is the identity of money whose sender gave it none: two bare identical letters are one payment, a bare one with
// another amount is a second.
func BareIdentity(letterType, orderID string, amountMinor int64, currency string) string {
	return "bare/" + ClaimID(letterType+"\n"+orderID+"\n"+strconv.FormatInt(amountMinor, 10)+"\n"+currency)
}

// ClaimState is the money that an identity stands for; the zero ClaimState is an identity never seen.
type ClaimState struct {
	CaptureID   string `json:"capture_id"`
	OrderID     string `json:"order_id"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}

// ClaimEvent is a fact about an identity.
//
//sumtype:decl
type ClaimEvent interface {
	decider.Event
	claim()
}

// Claimed: from now on this identity of money is this capture's.
type Claimed struct {
	CaptureID   string `json:"capture_id"`
	OrderID     string `json:"order_id"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}

// EventType is the event's name in the log.
func (Claimed) EventType() string { return ClaimedType }
func (Claimed) claim()            {}

// ClaimCommand asks for an identity.
//
//sumtype:decl
type ClaimCommand interface{ claimCommand() }

// Claim takes an identity for a capture. The same claim again is nothing new, any other is refused.
type Claim struct {
	CaptureID, OrderID string
	AmountMinor        int64
	Currency           string
}

func (Claim) claimCommand() {}

// ClaimDecider is the rules of capture-{identity}.
var ClaimDecider = decider.Decider[ClaimState, ClaimCommand, ClaimEvent]{
	Initial: func() ClaimState { return ClaimState{} },
	Evolve: func(s ClaimState, event ClaimEvent) ClaimState {
		switch e := event.(type) {
		case Claimed:
			s = ClaimState(e)
		}
		return s
	},
	Decide: func(s ClaimState, command ClaimCommand) ([]ClaimEvent, error) {
		switch c := command.(type) {
		case Claim:
			if s == (ClaimState{}) {
				return []ClaimEvent{Claimed(c)}, nil
			}
			if same := ClaimState(c); s == same {
				return nil, nil
			}
			return nil, decider.Refuse("payment-id-conflict", "this identity stands for another payment")
		}
		return nil, nil
	},
}
