package cases

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/domain/payment"
	"ordermill/eventstore"
	"ordermill/projections"
)

// said is an event on an order's account.
type said struct {
	orderID string
	fact    decider.Event
}

// rows folds events as the runtime does: each into every row that it has a key of.
func rows(t *testing.T, story ...said) map[string]Row {
	all := map[string]Row{}
	for i, s := range story {
		data, err := json.Marshal(s.fact)
		require.NoError(t, err)
		record := eventstore.Record{Position: int64(i + 1), Stream: "payment-" + s.orderID, Type: s.fact.EventType(), Data: data, RecordedAt: time.UnixMilli(int64(i+1) * 100)}
		found, err := keys(record)
		require.NoError(t, err)
		for _, key := range found {
			all[key] = fold(all[key], projections.Event{Record: record, Fact: s.fact})
		}
	}
	return all
}

var captured = said{"7", payment.Captured{CaptureID: "c", AmountMinor: 5, Currency: "USD"}}
var parked = said{"7", payment.Unmatched{CaptureID: "c", ParkUntil: 900}}

func TestUnmatched_isACase_whileItWaitsAndAfter(t *testing.T) {
	row := rows(t, captured)["unmatched:c"]
	require.False(t, Projection.Shown(row), "nobody has to act on money that has just come")
	row = rows(t, captured, parked)["unmatched:c"]
	require.True(t, Projection.Shown(row))
	require.Equal(t, payment.OutcomeUnmatched, row.Status)
	require.Equal(t, []int64{100, 200, 900}, []int64{row.ReceivedAt, row.OpenedAt, row.Capture().ParkUntil})
	row = rows(t, captured, parked, said{"7", payment.Matched{CaptureID: "c", AppliedMinor: 5}})["unmatched:c"]
	require.Equal(t, payment.OutcomeApplied, row.Status)
	row = rows(t, captured, parked, said{"7", payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 5}})["unmatched:c"]
	require.Equal(t, payment.OutcomeRefunding, row.Status)
}

func TestUnmatched_movedByHand_staysWhereItWaited_untilItWaitsElsewhere(t *testing.T) {
	away := said{"7", payment.Reassigned{CaptureID: "c", ToOrderID: "8"}}
	arrived := said{"8", payment.Captured{CaptureID: "c", AmountMinor: 5, Currency: "USD", FromOrderID: "7"}}
	for _, story := range [][]said{{captured, parked, away, arrived}, {captured, parked, arrived, away}} { // of one append, in either order
		row := rows(t, append(story, said{"8", payment.Matched{CaptureID: "c", AppliedMinor: 5}})...)["unmatched:c"]
		require.Equal(t, "7", row.OrderID)
		require.Equal(t, payment.OutcomeMoved, row.Status)
		require.Len(t, row.Account.Captures, 1)
		row = rows(t, append(story, said{"8", payment.Unmatched{CaptureID: "c", ParkUntil: 950}})...)["unmatched:c"]
		require.Equal(t, "8", row.OrderID)
		require.Equal(t, payment.OutcomeUnmatched, row.Status)
	}
}

func TestRefund_goesThroughItsStatuses(t *testing.T) {
	story := []said{captured}
	for _, step := range []struct {
		fact   decider.Event
		status string
	}{
		{payment.RefundRequested{RefundID: "f", CaptureID: "c", AmountMinor: 5, Currency: "USD", Reason: "expired"}, payment.RefundOpen},
		{payment.RefundFailed{RefundID: "f", Code: "closed", RetryAt: 800}, payment.RefundFaulty},
		{payment.ReviewResolved{ReviewID: "v", RefundID: "f", Decision: payment.DecideRefund}, payment.RefundOpen},
		{payment.ReviewResolved{ReviewID: "v", RefundID: "f", Decision: payment.DecideDismiss}, payment.RefundKept},
		{payment.Refunded{RefundID: "f"}, payment.RefundDone},
	} {
		story = append(story, said{"7", step.fact})
		row := rows(t, story...)["refund:f"]
		require.Equal(t, step.status, row.Status)
		require.Equal(t, int64(200), row.OpenedAt)
		require.Equal(t, "expired", row.Refund().Reason)
	}
}

func TestReview_isOpen_untilSomebodyDecides(t *testing.T) {
	raised := said{"7", payment.ReviewRaised{ReviewID: "v", Reason: payment.ReviewRefundFailed, RefundID: "f", AmountMinor: 5, Currency: "USD"}}
	row := rows(t, raised)["review:v"]
	require.Equal(t, Open, row.Status)
	row = rows(t, raised, said{"7", payment.ReviewResolved{ReviewID: "v", RefundID: "f", Decision: payment.DecideApply}})["review:v"]
	require.Equal(t, Resolved, row.Status)
	require.Equal(t, payment.DecideApply, row.Decision)
	require.Equal(t, int64(5), row.Review.AmountMinor, "what it was about stays to be read")
}

func TestKeys_unreadableOrUnknown_goesByItsStream(t *testing.T) {
	for eventType, data := range map[string]string{payment.CapturedType: `[1]`, payment.RefundedType: `{}`, "payment.teleported": `{"capture_id":"c"}`} {
		found, err := keys(eventstore.Record{Stream: "payment-7", Type: eventType, Data: []byte(data)})
		require.NoError(t, err)
		require.Equal(t, []string{"payment-7"}, found, eventType)
	}
}
