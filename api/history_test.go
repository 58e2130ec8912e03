package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/eventstore/subscription"
)

func withStory(t *testing.T) *shop {
	s := newShop(t)
	s.log.append(
		record(1, "inventory-A", 1, "inventory.item_registered", `{"sku":"A","safety_stock":0,"low_stock_threshold":0}`),
		record(2, "inventory-A", 2, "inventory.received", `{"stock_receipt_id":"s","quantity":5}`),
		record(3, "order-7", 1, "order.placed", `{"source":"http","currency":"USD","lines":[{"line_id":"1","sku":"A","name":"A","quantity":2,"unit_price_minor":1,"total_minor":2}],"grand_total_minor":2,"content":"x"}`),
		record(4, "inventory-A", 3, "inventory.reserved", fmt.Sprintf(`{"reservation_id":"r","order_id":"7","quantity":2,"expires_at":%d}`, recorded.UnixMilli())),
		record(5, "payment-7", 1, "payment.requested", fmt.Sprintf(`{"request_id":"q","attempt":1,"amount_minor":2,"currency":"USD","expires_at":%d}`, recorded.UnixMilli())),
		record(6, "order-7", 2, "order.payment_awaited", fmt.Sprintf(`{"pay_by":%d}`, recorded.UnixMilli())),
	)
	s.consumers.statuses = []subscription.Status{{Name: "checkout", Kind: "reactor", Position: 9}, {Name: "relay-amqp", Kind: "reactor", Position: 3}}
	s.consumers.handled["checkout"] = subscription.Handling{Status: "handled", Attempts: 1, At: recorded}
	return s
}

func TestTimeline_tellsWhatHappened_whoHandledIt_whatItWaitsFor(t *testing.T) {
	s := withStory(t)
	var story v1.Timeline
	answer := s.get("/v1/orders/7/timeline")
	answer.ok(200, &story)
	fits(t, s.description().Paths.Find("/v1/orders/{id}/timeline").Get.Responses.Value("200").Value.Content["application/json"], answer)
	require.Equal(t, "awaiting_payment", story.Status)
	require.Equal(t, "It waits for 0.02 USD, until 2026-01-02 03:04:05 UTC.", story.WaitingFor)
	require.Equal(t, []v1.TimelineTimer{{Timer: "payment", Ref: "q", Attempt: 1, DueAt: when(), Text: "Unless it is paid, the order expires."}}, story.Timers)
	require.Equal(t, "payment", story.Waits[len(story.Waits)-1].For)
	require.Nil(t, story.Waits[len(story.Waits)-1].Until)
	require.Len(t, story.Items, 4)
	require.Equal(t, []int64{3, 4, 5, 6}, []int64{story.Items[0].Position, story.Items[1].Position, story.Items[2].Position, story.Items[3].Position})
	require.Equal(t, "2 units of A held until 2026-01-02 03:04:05 UTC.", story.Items[1].Text)
	require.Equal(t, map[string]bool{"amqp": true}, story.Items[0].Published)
	require.Equal(t, map[string]bool{"amqp": false}, story.Items[1].Published)
	require.Equal(t, []v1.Handled{{Consumer: "checkout", Status: "handled", Attempts: 1, At: when()}}, story.Items[0].Deliveries)
	require.Equal(t, int64(6), story.Position)
	s.get("/v1/orders/8/timeline").problem(v1.NotFound)
}

func TestMovementsAndReservations_areRead_fromTheStream(t *testing.T) {
	s := withStory(t)
	var page v1.List[v1.Movement]
	answer := s.get("/v1/inventory/A/movements?limit=2")
	answer.ok(200, &page)
	require.Len(t, page.Items, 2)
	next := *page.NextCursor
	s.get("/v1/inventory/A/movements?limit=2&cursor="+next).ok(200, &page)
	require.Equal(t, []v1.Movement{{Position: 4, Type: "inventory.reserved", At: when(), OrderID: "7", Reference: "r",
		Delta: v1.StockSums{Reserved: 2}, After: v1.StockSums{OnHand: 5, Reserved: 2}}}, page.Items)
	require.Nil(t, page.NextCursor)
	s.get("/v1/inventory/B/movements?cursor=" + next).problem(v1.InvalidParameter)
	s.get("/v1/inventory/B/movements").problem(v1.NotFound)

	var held v1.List[v1.Reservation]
	s.get("/v1/inventory/A/reservations").ok(200, &held)
	at := recorded.Truncate(time.Millisecond)
	require.Equal(t, []v1.Reservation{{OrderID: "7", ReservationID: "r", Quantity: 2, Kind: "soft", ExpiresAt: &at}}, held.Items)
	s.get("/v1/inventory/B/reservations").problem(v1.NotFound)
}
