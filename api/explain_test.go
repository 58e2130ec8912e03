package api_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

// changed are the changes of an item, as "pointer before after".
func changed(c v1.RowChange) (all []string) {
	for _, f := range c.Changes {
		all = append(all, fmt.Sprintf("%s %s %s", f.Pointer, f.Before, f.After))
	}
	return all
}

func TestExplain_everyEventWithWhatItChanged_oldestFirst(t *testing.T) {
	s := withPast(t)
	command := uuid.New()
	s.log.records[5].CommandID = command
	s.log.records[5].Metadata = json.RawMessage(`{"actor":"checkout","causation_id":"e","correlation_id":"7"}`)
	var page v1.List[v1.RowChange]
	answer := s.get("/v1/orders/7/explain")
	answer.ok(200, &page)
	fits(t, s.description().Paths.Find("/v1/orders/{id}/explain").Get.Responses.Value("200").Value.Content["application/json"], answer)
	require.Equal(t, "9", answer.Header.Get("X-Projection-Position"))
	require.Len(t, page.Items, 4)
	var placed v1.Order
	require.Equal(t, "", page.Items[0].Changes[0].Pointer)
	require.Equal(t, "null", string(page.Items[0].Changes[0].Before))
	require.NoError(t, json.Unmarshal(page.Items[0].Changes[0].After, &placed))
	require.Equal(t, "placed", placed.Status)
	require.Equal(t, []string{`/payment_status "none" "requested"`}, changed(page.Items[1]))
	third := page.Items[2]
	require.Equal(t, []string{fmt.Sprintf(`/pay_by null "%s"`, recorded.Format("2006-01-02T15:04:05.999Z")), `/status "placed" "awaiting_payment"`, `/waiting_for "stock" "payment"`}, changed(third))
	third.Changes, third.RecordedAt = nil, nil
	require.Equal(t, v1.RowChange{Position: 6, Stream: "order-7", Version: 2, EventID: s.log.records[5].EventID.String(), Type: "order.payment_awaited",
		CommandID: command.String(), CausationID: "e", CorrelationID: "7", Actor: "checkout"}, third)
	s.get("/v1/orders/8/explain").problem(v1.NotFound)
}

func TestExplain_pagesAreTheWhole(t *testing.T) {
	s := withPast(t)
	var whole v1.List[v1.RowChange]
	s.get("/v1/orders/7/explain").ok(200, &whole)
	var paged []v1.RowChange
	for path := "/v1/orders/7/explain?limit=1"; path != ""; {
		var page v1.List[v1.RowChange]
		s.get(path).ok(200, &page)
		require.Len(t, page.Items, 1)
		paged, path = append(paged, page.Items...), ""
		if page.NextCursor != nil {
			path = "/v1/orders/7/explain?limit=1&cursor=" + *page.NextCursor
		}
	}
	require.Equal(t, whole.Items, paged)
	s.get("/v1/orders/7/explain?cursor=x").problem(v1.InvalidParameter)
}

func TestExplain_whatIsNotShownYet_changesNothing(t *testing.T) {
	s := withPast(t)
	var page v1.List[v1.RowChange]
	s.get("/v1/orders/9/explain").ok(200, &page) // money without its order: only the account is shown
	require.Len(t, page.Items, 1)
	require.Empty(t, page.Items[0].Changes)
	s.get("/v1/orders/9/payment/explain").ok(200, &page)
	require.Equal(t, "", page.Items[0].Changes[0].Pointer)
	s.get("/v1/inventory/A/explain").ok(200, &page)
	require.Equal(t, []string{`/available 0 5`, `/low true false`, `/on_hand 0 5`}, changed(page.Items[1]))
	require.Equal(t, []string{`/available 5 3`, `/reserved 0 2`}, changed(page.Items[2]))
	require.Equal(t, []string{`/name "" "Bear"`}, changed(page.Items[3]))
	s.get("/v1/products/A/explain").ok(200, &page)
	require.Len(t, page.Items, 1)
}
