package api_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

// withPast is a shop whose read models hold nothing: one order over two seconds, then money without an order.
func withPast(t *testing.T) *shop {
	s := withStory(t)
	s.log.append(
		record(7, "payment-7", 2, "payment.captured", `{"capture_id":"c","amount_minor":2,"currency":"USD","source":"http"}`),
		record(8, "payment-9", 1, "payment.captured", `{"capture_id":"d","amount_minor":5,"currency":"USD","source":"http"}`),
		record(9, "product-A", 1, "product.registered", `{"sku":"A","name":"Bear","name_key":"bear","price_minor":1,"currency":"USD"}`))
	for i := range s.log.records { // 1 at once, 2 and 3 a second later, 4 to 6 two ...
		s.log.records[i].RecordedAt = recorded.Add(time.Duration([]int{0, 1, 1, 2, 2, 2, 3, 3, 4}[i]) * time.Second)
	}
	return s
}

func secondsLater(n int) string {
	return recorded.Add(time.Duration(n) * time.Second).Format(time.RFC3339Nano)
}

func TestAsOf_onePosition_withoutAReadModel(t *testing.T) {
	s := withPast(t)
	s.parked = map[string]bool{"7": true, "A": true}
	for position, want := range map[int]string{3: "placed", 5: "placed", 6: "awaiting_payment", 9: "awaiting_payment"} {
		var got v1.Order
		answer := s.get(fmt.Sprintf("/v1/orders/7?as_of=%d", position))
		answer.ok(200, &got)
		require.Equal(t, want, got.Status, position)
		require.Equal(t, fmt.Sprint(position), answer.Header.Get("X-Projection-Position"))
		require.LessOrEqual(t, got.Position, int64(position))
		fits(t, s.description().Paths.Find("/v1/orders/{id}").Get.Responses.Value("200").Value.Content["application/json"], answer)
	}
	for position, want := range map[int][2]int64{2: {5, 0}, 3: {5, 0}, 4: {5, 2}} {
		var item v1.Item
		s.get(fmt.Sprintf("/v1/inventory/A?as_of=%d", position)).ok(200, &item)
		require.Equal(t, want, [2]int64{item.OnHand, item.Reserved}, position)
		require.Empty(t, item.Name, "nobody had named it")
	}
	var account v1.Account
	s.get("/v1/orders/9/payment?as_of=8").ok(200, &account)
	require.Equal(t, int64(5), account.CapturedMinor)
	var bear v1.Product
	s.get("/v1/products/A?as_of=9").ok(200, &bear)
	require.Equal(t, "Bear", bear.Name)
	for _, path := range []string{"/v1/orders/7?as_of=2", "/v1/orders/9?as_of=9", "/v1/orders/9/payment?as_of=7", "/v1/products/A?as_of=8", "/v1/inventory/B?as_of=9"} {
		require.Contains(t, s.get(path).problem(v1.NotFound).Detail, "as of then", path)
	}
}

func TestAsOf_aTime_isTheLastPositionRecordedByThen(t *testing.T) {
	s := withPast(t)
	for at, want := range map[string]string{
		secondsLater(1): "3", secondsLater(2): "6", recorded.Add(2999 * time.Millisecond).Format(time.RFC3339Nano): "6",
		recorded.Add(2 * time.Second).In(time.FixedZone("", 3600)).Format(time.RFC3339Nano): "6",
		time.Now().Add(-time.Minute).UTC().Format(time.RFC3339):                             "9",
	} {
		answer := s.get("/v1/orders/7?as_of=" + url.QueryEscape(at))
		require.Equal(t, 200, answer.StatusCode, answer.text)
		require.Equal(t, want, answer.Header.Get("X-Projection-Position"), at)
	}
	s.get("/v1/orders/7?as_of=" + secondsLater(0)).problem(v1.NotFound)
	s.get("/v1/orders/7?as_of=" + secondsLater(-1)).problem(v1.NotFound)
	s.get("/v1/orders/7?as_of=1970-01-01T00:00:00Z").problem(v1.NotFound)
}

func TestAsOf_whatIsStillToCome_isNotReached(t *testing.T) {
	s := withPast(t)
	const position, moment = "the log has not come to this position; head tells", "this time is still to come"
	for value, detail := range map[string]string{"10": position, "9223372036854775807": position,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339): moment, "9999-12-31T23:59:59Z": moment} {
		p := s.get("/v1/orders/7?as_of=" + value).problem(v1.NotReached)
		require.Equal(t, 422, p.Status)
		require.True(t, p.Retryable)
		require.EqualValues(t, 9, p.Extra["head"])
		require.Contains(t, p.Detail, detail)
	}
	newShop(t).get("/v1/orders/7?as_of=1").problem(v1.NotReached)
	ahead := withPast(t) // written by a copy whose clock is ahead: what its log has seen is past
	soon := time.Now().Add(time.Hour).UTC()
	for i := range ahead.log.records {
		ahead.log.records[i].RecordedAt = soon
	}
	require.Equal(t, 200, ahead.get("/v1/orders/7?as_of="+soon.Format(time.RFC3339Nano)).StatusCode)
}

func TestAsOf_brokenForm_is400(t *testing.T) {
	s := withPast(t)
	for _, value := range []string{"0", "-1", "01", "1.5", "1e3", "9223372036854775808", "now", "2026-01-02", "2026-02-31T00:00:00Z", "2026-01-02T03:04:05",
		"2026-01-02T03:04:05+02:00", "%00", "2026-01-02t03:04:05z", "5%20"} { // the + is a space there
		p := s.get("/v1/orders/7?as_of=" + value).problem(v1.InvalidParameter)
		require.Equal(t, "as_of", p.Errors[0].Parameter, value)
		if value != "%00" { // which is no text at all
			require.Contains(t, p.Errors[0].Detail, "a position of the log, or a time such as 2026-05-01T12:00:00Z", value)
		}
		require.NotContains(t, p.Errors[0].Detail, "[0-9]", value)
	}
	require.Equal(t, "min_position", s.get("/v1/orders/7?as_of=3&min_position=3").problem(v1.InvalidParameter).Errors[0].Parameter)
	s.get("/v1/orders/7?as_of=3&as_of=4").problem(v1.InvalidParameter)
}

func TestAsOf_anEventThatCannotBeFolded_isOnlyInTheWayAfterIt(t *testing.T) {
	s := withPast(t)
	s.log.append(record(10, "order-7", 3, "order.from_the_future", `{}`), record(11, "payment-9", 2, "payment.captured", `{"capture_id":7}`))
	require.Equal(t, 200, s.get("/v1/orders/7?as_of=9").StatusCode)
	s.get("/v1/orders/7?as_of=10").problem(v1.UnreadableEvent)
	require.Equal(t, 200, s.get("/v1/orders/9/payment?as_of=10").StatusCode)
	s.get("/v1/orders/9/payment?as_of=11").problem(v1.ProjectionParked)
}

func TestAsOf_storeAway_isUnavailable(t *testing.T) {
	s := withPast(t)
	s.log.err = context.DeadlineExceeded
	for _, value := range []string{"3", secondsLater(1)} {
		s.get("/v1/orders/7?as_of=" + value).problem(v1.StoreUnavailable)
	}
}
