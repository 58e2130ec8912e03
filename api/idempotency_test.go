package api_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
)

func TestIdempotencyKey_sameBodyAgain_sameBytes(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.PaymentRecorded{OrderID: "1", CaptureID: "c<&>é", Outcome: "applied", AmountMinor: 5, Currency: "USD"}
	s.desk.position = 42
	const body = `{"payment_id":"p","amount_minor":5}`

	first := s.post("/v1/orders/1/payments", body, "Idempotency-Key: k")
	require.Equal(t, 201, first.StatusCode)
	require.Equal(t, "42", first.Header.Get("X-Position"))
	require.Equal(t, "/v1/orders/1/payment", first.Header.Get("Location"))
	require.Empty(t, first.Header.Get("Idempotency-Replayed"))
	require.Equal(t, "{\"capture_id\":\"c<&>é\",\"order_id\":\"1\",\"outcome\":\"applied\",\"amount_minor\":5,\"currency\":\"USD\"}\n", first.text)

	s.desk.result = app.PaymentRecorded{OrderID: "other"} // a replay must not render anew
	again := s.post("/v1/orders/1/payments", body, "Idempotency-Key: k")
	require.Equal(t, first.text, again.text)
	require.Equal(t, first.StatusCode, again.StatusCode)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	for _, name := range []string{"Location", "X-Position", "Content-Type"} {
		require.Equal(t, first.Header.Get(name), again.Header.Get(name), name)
	}
}

func TestIdempotencyKey_scopeAndFingerprint(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.PaymentRecorded{OrderID: "1"}
	const body = ` {"payment_id":"p","amount_minor":5} `
	for _, header := range []string{"k 1", `"k 1"`, " k 1 "} {
		s.post("/v1/orders/a:b/payments", body, "Idempotency-Key: "+header).ok(201, &v1.PaymentRecorded{})
		sum := sha256.Sum256([]byte(body))
		require.Equal(t, &app.IdempotencyKey{Scope: "anonymous POST /v1/orders/a:b/payments", Key: "k 1", Fingerprint: sum[:]}, s.desk.call.Key)
	}
	s.post("/v1/orders/a:b/payments", body, `Idempotency-Key: "a\"b\\c"`).ok(201, &v1.PaymentRecorded{})
	require.Equal(t, `a"b\c`, s.desk.call.Key.Key)
	s.post("/v1/orders/a:b/payments", body).ok(201, &v1.PaymentRecorded{})
	require.Nil(t, s.desk.call.Key)
}

func TestIdempotencyKey_brokenForm_is400(t *testing.T) {
	s := newShop(t)
	for _, header := range []string{"", `""`, `"`, `"open`, strings.Repeat("k", 256), "tab\there", "é"} {
		answer := s.post("/v1/messages", "{}", "Idempotency-Key: "+header)
		require.Equal(t, 400, answer.StatusCode, header)
		answer.problem(v1.InvalidHeader)
	}
	s.post("/v1/messages", "{}", "Idempotency-Key: a", "Idempotency-Key: b").problem(v1.InvalidHeader)
	s.do("POST", "/v1/projections/orders/rebuild", "", "Idempotency-Key: \"").problem(v1.InvalidHeader)
	require.Nil(t, s.desk.command)
}

func TestIdempotencyKey_requiredOnStockReceipts(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.StockReceived{}
	answer := s.post("/v1/inventory/A/receipts", `{"quantity":1}`)
	require.Equal(t, 400, answer.StatusCode)
	answer.problem(v1.IdempotencyKeyMissing)
	require.Nil(t, s.desk.command)
	require.Equal(t, 201, s.post("/v1/inventory/A/receipts", `{"quantity":1}`, "Idempotency-Key: k").StatusCode)
}

func TestIdempotencyKey_requiredOnAdjustmentsAndRefunds(t *testing.T) {
	s := newShop(t)
	for path, body := range map[string]string{
		"/v1/inventory/A/adjustments": `{"delta":-1,"reason":"broken"}`, "/v1/orders/1/refunds": `{"amount_minor":1,"reason":"gift"}`,
	} {
		answer := s.post(path, body)
		require.Equal(t, 400, answer.StatusCode)
		answer.problem(v1.IdempotencyKeyMissing)
		require.Nil(t, s.desk.command)
	}
}

func TestCall_actorAndTraceparent(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.MessageResult{MessageID: "m", Status: "processed"}
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	s.post("/v1/messages", "{}", "traceparent: "+parent).ok(202, &v1.MessageAccepted{})
	require.Equal(t, parent, s.desk.call.Traceparent)
	require.Equal(t, "anonymous", s.desk.call.Actor)
	s.post("/v1/messages", "{}", "traceparent: nonsense").ok(202, &v1.MessageAccepted{})
	require.Empty(t, s.desk.call.Traceparent, "what breaks its form is dropped")
}
