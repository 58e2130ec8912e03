package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/app"
)

// paid is a payment letter; envelope and payload are further members, each beginning with a comma.
func paid(envelope, payload string) string {
	return fmt.Sprintf(`{"event_type":"payment.completed","payload":{"order_id":"1","amount":29.99%s}%s}`, payload, envelope)
}

// TestIdentity_ofMoney holds the first of two letters against the second: is it the same money?
func TestIdentity_ofMoney(t *testing.T) {
	for name, c := range map[string]struct{ first, second, outcome string }{
		"bare, twice":                         {paid("", ""), paid("", ""), "duplicate"},
		"bare, the decimals written longer":   {paid("", ""), `{"event_type":"payment.completed","payload":{"order_id":"1","amount":29.990}}`, "duplicate"},
		"bare, the store's currency spelt":    {paid("", ""), paid("", `,"currency":"USD"`), "duplicate"},
		"bare, another amount":                {paid("", ""), `{"event_type":"payment.completed","payload":{"order_id":"1","amount":1}}`, "unmatched"},
		"bare, another currency":              {paid("", ""), paid("", `,"currency":"EUR"`), "unmatched"},
		"bare, another order":                 {paid("", ""), `{"event_type":"payment.completed","payload":{"order_id":"2","amount":29.99}}`, "unmatched"},
		"bare, and one with an id":            {paid("", ""), paid("", `,"payment_id":"p"`), "unmatched"},
		"same payment_id":                     {paid("", `,"payment_id":"p"`), paid("", `,"payment_id":"p"`), "duplicate"},
		"payment_id before event_id":          {paid(`,"event_id":"e1"`, `,"payment_id":"p"`), paid(`,"event_id":"e2"`, `,"payment_id":"p"`), "duplicate"},
		"payment_id before transaction_id":    {paid("", `,"payment_id":"p1","transaction_id":"t"`), paid("", `,"payment_id":"p2","transaction_id":"t"`), "unmatched"},
		"transaction_id before provider_ref":  {paid("", `,"transaction_id":"t","provider_ref":"r1"`), paid("", `,"transaction_id":"t","provider_ref":"r2"`), "duplicate"},
		"provider_ref before the envelope":    {paid(`,"id":"1"`, `,"provider_ref":"r"`), paid(`,"id":"2"`, `,"provider_ref":"r"`), "duplicate"},
		"event_id before id":                  {paid(`,"id":"1","event_id":"e"`, ""), paid(`,"id":"2","event_id":"e"`, ""), "duplicate"},
		"same id of the envelope":             {paid(`,"id":"1"`, ""), paid(`,"id":"1"`, ""), "duplicate"},
		"other ids of the envelope":           {paid(`,"id":"1"`, ""), paid(`,"id":"2"`, ""), "unmatched"},
		"one identity under two names":        {paid("", `,"payment_id":"p"`), paid(`,"id":"p"`, ""), "duplicate"},
		"an empty id is none":                 {paid("", `,"payment_id":""`), paid("", ""), "duplicate"},
		"same payment_id, another amount":     {paid("", `,"payment_id":"p"`), `{"event_type":"payment.completed","payload":{"order_id":"1","amount":1,"payment_id":"p"}}`, "review"},
		"same payment_id, another currency":   {paid("", `,"payment_id":"p"`), paid("", `,"payment_id":"p","currency":"EUR"`), "review"},
		"same payment_id, another order":      {paid("", `,"payment_id":"p"`), `{"event_type":"payment.completed","payload":{"order_id":"2","amount":29.99,"payment_id":"p"}}`, "review"},
		"unknown keys of the payload":         {paid("", `,"payment_id":"p","note":"a"`), paid("", `,"payment_id":"p","note":{"b":1}`), "duplicate"},
		"the sender's case of an id matters":  {paid("", `,"payment_id":"p"`), paid("", `,"payment_id":"P"`), "unmatched"},
		"a claim on the store's own bare ids": {paid("", ""), paid("", `,"payment_id":"bare/x"`), "unmatched"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			_, outcome := s.letter(c.first)
			require.Equal(t, "unmatched", outcome)
			before := len(s.records())
			status, outcome := s.letter(c.second)
			require.Equal(t, c.outcome, outcome)
			added := s.records()[before:]
			switch c.outcome {
			case "duplicate":
				require.Equal(t, "duplicate", status)
				require.Empty(t, added)
			case "review":
				require.Equal(t, "processed", status)
				require.Len(t, added, 1)
				require.Equal(t, "payment.review_raised", added[0].Type)
				require.Equal(t, 1, s.count("payment.captured"))
			default:
				require.Len(t, added, 2)
				require.Equal(t, 2, s.count("payment.captured"))
				require.Equal(t, 2, s.count("capture.claimed"))
			}
		})
	}
}

func TestIdentity_conflictingDuplicate_isReviewedOnTheAccountThatTheSecondLetterNames(t *testing.T) {
	s := newShop(t)
	s.letter(paid("", `,"payment_id":"p"`))
	s.letter(`{"event_type":"payment.completed","payload":{"order_id":"2","amount":5,"currency":"EUR","payment_id":"p"}}`)
	records := s.records()
	review := records[len(records)-1]
	require.Equal(t, "payment-2", review.Stream)
	require.Contains(t, string(review.Data), `"amount_minor":500`)
	require.Contains(t, string(review.Data), `"currency":"EUR"`)
	require.Contains(t, string(review.Data), `"reason":"conflicting_duplicate"`)
}

func TestIdentity_AMQPMessageID_countsAndRedisEntryIDsDoNot(t *testing.T) {
	for name, c := range map[string]struct {
		first, second app.Letter
		captures      int
	}{
		"same message_id":                {app.Letter{Source: "amqp", MessageID: "m"}, app.Letter{Source: "amqp", MessageID: "m"}, 1},
		"other message_id":               {app.Letter{Source: "amqp", MessageID: "m"}, app.Letter{Source: "amqp", MessageID: "n"}, 2},
		"none":                           {app.Letter{Source: "amqp"}, app.Letter{Source: "amqp"}, 1},
		"other entries, the same letter": {app.Letter{Source: "redis", Ref: "1700000000000-0"}, app.Letter{Source: "redis", Ref: "1700000000001-0"}, 1},
		"the same entry again":           {app.Letter{Source: "redis", Ref: "1700000000000-0"}, app.Letter{Source: "redis", Ref: "1700000000000-0"}, 1},
		"one by each transport":          {app.Letter{Source: "amqp"}, app.Letter{Source: "redis", Ref: "1700000000000-0"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			for _, letter := range []app.Letter{c.first, c.second} {
				letter.Body = []byte(paid("", ""))
				require.NoError(t, s.inbox().Receive(t.Context(), letter))
			}
			require.Equal(t, c.captures, s.count("payment.captured"))
		})
	}
}

func TestIdentity_envelopeBeforeAMQPMessageID(t *testing.T) {
	s := newShop(t)
	for _, messageID := range []string{"m", "n"} {
		letter := app.Letter{Source: "amqp", MessageID: messageID, Body: []byte(paid(`,"id":"1"`, ""))}
		require.NoError(t, s.inbox().Receive(t.Context(), letter))
	}
	require.Equal(t, 1, s.count("payment.captured"))
}
