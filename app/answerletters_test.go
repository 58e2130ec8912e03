package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/app"
)

// overpaid is a shop in which order 1 is confirmed, and 1.00 of its money is to go back.
func overpaid(t *testing.T) *shop {
	s := stocked(t)
	s.checkout(s.desk)
	s.letter(ordered(bear, ""))
	s.letter(`{"event_type":"payment.completed","payload":{"order_id":"1","amount":30.99}}`)
	s.settled()
	require.Equal(t, 1, s.count("payment.refund_requested"))
	return s
}

func answerLetter(eventType, members string) string {
	return fmt.Sprintf(`{"event_type":"payment.%s","payload":{"order_id":"1"%s}}`, eventType, members)
}

func TestFailureLetter_retryable_isAskedAgainAtMostThreeTimes(t *testing.T) {
	s := stocked(t)
	s.checkout(s.desk)
	s.letter(ordered(bear, ""))
	s.settled()
	for attempt := range 4 {
		id := fmt.Sprintf(`{"event_type":"payment.failed","id":"f%d","payload":{"order_id":"1","code":"no_funds","retryable":true}}`, attempt)
		_, outcome := s.letter(id)
		if attempt == 3 {
			require.Equal(t, "ignored", outcome, "the last request failed already")
			continue
		}
		require.Equal(t, "recorded", outcome)
		status, outcome := s.letter(id)
		require.Equal(t, "duplicate duplicate", status+" "+outcome)
		s.settled()
	}
	require.Equal(t, 3, s.count("payment.requested"))
	require.Equal(t, 3, s.count("payment.failed"))
}

func TestFailureLetter_thatFitsNoOpenRequest_changesNothing(t *testing.T) {
	s := stocked(t)
	before := len(s.records())
	status, outcome := s.letter(answerLetter("failed", `,"code":"no_funds","retryable":true`))
	require.Equal(t, "processed ignored", status+" "+outcome)
	require.Len(t, s.records(), before)
}

func TestRefundLetter_ofTheAmountOfAnOpenRefund_completesIt(t *testing.T) {
	s := overpaid(t)
	_, outcome := s.letter(answerLetter("refunded", `,"amount":1.00`))
	require.Equal(t, "recorded", outcome)
	status, _ := s.letter(answerLetter("refunded", `,"amount":1.00`))
	require.Equal(t, "duplicate", status)
	require.Equal(t, 1, s.count("payment.refunded"))
}

func TestRefundLetter_thatNobodyAskedFor_isAQuestionForAPerson(t *testing.T) {
	s := overpaid(t)
	for i, letter := range []string{
		answerLetter("refunded", `,"amount":2.00`),
		answerLetter("refunded", `,"amount":1.00,"refund_id":"unheard-of"`),
		answerLetter("refunded", `,"amount":1.00,"currency":"EUR"`),
		answerLetter("refund_failed", `,"amount":3.00,"code":"closed"`),
	} {
		_, outcome := s.letter(letter)
		require.Equal(t, "review", outcome, letter)
		require.Equal(t, i+1, s.count("payment.review_raised"))
	}
	require.Zero(t, s.count("payment.refunded"))
}

func TestRefundFailedLetter_whereNoMachineCanTryAgain_isReviewedAtOnce(t *testing.T) {
	s := overpaid(t)
	_, outcome := s.letter(answerLetter("refund_failed", `,"amount":1.00,"code":"closed"`))
	require.Equal(t, "recorded", outcome)
	s.settled()
	require.Equal(t, 1, s.count("payment.review_raised"))
}

func TestCommands_onOrdersAndMoney_thatNobodyKnows(t *testing.T) {
	for name, ask := range map[string]func(s *shop) (app.Answer, error){
		"unknown-order": func(s *shop) (app.Answer, error) { return s.CancelOrder(t.Context(), app.Call{}, "1", "r") },
		"unknown-shipment": func(s *shop) (app.Answer, error) {
			s.letter(ordered(bear, ""))
			return s.DeliverShipment(t.Context(), app.Call{}, "1", "s")
		},
		"unknown-refund": func(s *shop) (app.Answer, error) { return s.CompleteRefund(t.Context(), app.Call{}, "1", "r") },
		"unknown-review": func(s *shop) (app.Answer, error) {
			return s.ResolveReview(t.Context(), app.Call{}, app.ResolveReview{OrderID: "1", ReviewID: "r", Decision: "dismiss"})
		},
		"unknown-capture": func(s *shop) (app.Answer, error) { return s.RefundUnmatched(t.Context(), app.Call{}, "2", "c") },
		"unknown-sku":     func(s *shop) (app.Answer, error) { return s.ChangePrice(t.Context(), app.Call{}, "NONE", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask(stocked(t))
			require.Equal(t, name, refused(t, err))
		})
	}
}

func TestMatchUnmatched_movesTheMoneyInOneAppend(t *testing.T) {
	s := stocked(t)
	s.checkout(s.desk)
	s.letter(ordered(bear, ""))
	s.letter(`{"event_type":"payment.completed","payload":{"order_id":"2","amount":29.99}}`)
	s.settled()
	captureID := s.captureOf(t, "payment-2")
	_, err := s.MatchUnmatched(t.Context(), app.Call{}, "2", captureID, "3")
	require.Equal(t, "unknown-order", refused(t, err))
	moved, err := s.MatchUnmatched(t.Context(), app.Call{}, "2", captureID, "1")
	require.NoError(t, err)
	again, err := s.MatchUnmatched(t.Context(), app.Call{}, "2", captureID, "1")
	require.NoError(t, err)
	require.NotZero(t, moved.Position)
	require.Zero(t, again.Position, "nothing new")
	s.settled()
	require.Equal(t, 1, s.count("order.confirmed"))
	_, err = s.RefundUnmatched(t.Context(), app.Call{}, "2", captureID)
	require.Equal(t, "capture-not-unmatched", refused(t, err))
}

func TestRename_claimsTheNewNameAndFreesTheOld(t *testing.T) {
	s := stocked(t)
	_, err := s.RenameProduct(t.Context(), app.Call{}, "BEAR", "Doll")
	require.Equal(t, "name-taken", refused(t, err))
	_, err = s.RenameProduct(t.Context(), app.Call{}, "BEAR", "Grizzly")
	require.NoError(t, err)
	_, err = s.RenameProduct(t.Context(), app.Call{}, "DOLL", "Teddy Bear")
	require.NoError(t, err)
	_, err = s.RenameProduct(t.Context(), app.Call{}, "DOLL", "TEDDY  bear")
	require.NoError(t, err, "its own name, written otherwise")
	require.Equal(t, 2, s.count("product.name_released"))
	require.Equal(t, 3, s.count("product.renamed"))
}
