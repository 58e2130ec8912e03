package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/program"
)

// TestBadInput_isAnsweredAsTheContractSays_never500 goes through the whole program; package api has the whole table.
func TestBadInput_isAnsweredAsTheContractSays_never500(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Data: t.TempDir(), Demo: true})
	before := len(events(t, s.Client))
	const jsonType = "application/json"
	for name, c := range map[string]struct {
		method, path, media, body string
		status                    int
	}{
		"empty":                   {"POST", "/v1/orders", jsonType, "", 400},
		"BOM":                     {"POST", "/v1/messages", jsonType, "\ufeff" + orderLetter("x"), 400},
		"array":                   {"POST", "/v1/products", jsonType, "[]", 400},
		"trailing text":           {"POST", "/v1/messages", jsonType, orderLetter("x") + "{}", 400},
		"key twice":               {"POST", "/v1/orders", jsonType, `{"items":[],"items":[]}`, 400},
		"NUL":                     {"POST", "/v1/messages", jsonType, `{"event_type":"order.created","payload":{"order_id":"a\u0000b","items":[]}}`, 400},
		"broken UTF-8":            {"POST", "/v1/messages", jsonType, "{\"event_type\":\"order.created\",\"payload\":{\"x\":\"\xff\"}}", 400},
		"lone surrogate":          {"POST", "/v1/orders", jsonType, `{"customer_ref":"\ud800","items":[]}`, 400},
		"too deep":                {"POST", "/v1/messages", jsonType, `{"event_type":"order.created","payload":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40) + `}`, 400},
		"over 1 MiB":              {"POST", "/v1/messages", jsonType, `{"a":"` + strings.Repeat("a", 1<<20) + `"}`, 413},
		"another media type":      {"POST", "/v1/messages", "text/xml", orderLetter("x"), 415},
		"missing member":          {"POST", "/v1/orders", jsonType, `{}`, 422},
		"letter of our own":       {"POST", "/v1/messages", jsonType, `{"event_type":"order.placed","payload":{}}`, 422},
		"too precise":             {"POST", "/v1/messages", jsonType, `{"event_type":"payment.completed","payload":{"order_id":"1","amount":29.999}}`, 422},
		"unknown product":         {"POST", "/v1/orders", jsonType, `{"items":[{"sku":"NONE","quantity":1}]}`, 422},
		"no key where one is due": {"POST", "/v1/inventory/KITE/receipts", jsonType, `{"quantity":1}`, 400},
		"unknown sku":             {"GET", "/v1/inventory/NONE", "", "", 404},
		"unknown path":            {"GET", "/v1/nothing", "", "", 404},
		"another method":          {"DELETE", "/v1/orders", "", "", 405},
		"an id that is none":      {"GET", "/v1/orders/a%00b", "", "", 400},
		"limit":                   {"GET", "/v1/orders?limit=201", "", "", 400},
		"cursor":                  {"GET", "/v1/orders?cursor=x", "", "", 400},
		"unknown parameter":       {"GET", "/v1/orders?colour=red", "", "", 400},
		"after":                   {"GET", "/v1/events?after=-1", "", "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, s.url+c.path, strings.NewReader(c.body))
			require.NoError(t, err)
			if c.media != "" {
				request.Header.Set("Content-Type", c.media)
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, response.StatusCode, "%s", text)
			require.Equal(t, v1.ProblemMediaType, response.Header.Get("Content-Type"))
		})
	}
	require.Len(t, events(t, s.Client), before, "something was written")
	require.Empty(t, all(t, s.Messages))
}

func TestIdempotencyKey_afterARestart_sameBytes_otherBodyIsRefused(t *testing.T) {
	t.Parallel()
	config := program.Config{Data: t.TempDir(), Demo: true}
	s := open(t, config)
	const body = `{"order_id":"1","items":[{"sku":"KITE","quantity":1}]}`
	status, first, replayed := s.place(body)
	require.Equal(t, http.StatusCreated, status)
	require.Empty(t, replayed)
	s.stop()
	s = open(t, config)
	status, again, replayed := s.place(body)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, first, again)
	require.Equal(t, "true", replayed)
	status, problem, _ := s.place(strings.Replace(body, ":1}", ":2}", 1))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, problem, v1.IdempotencyKeyReused)
	require.Len(t, balance(t, s.Client).placed, 1)
}

// place asks for an order, always with the same key.
func (s *shop) place(body string) (status int, text, replayed string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/orders", strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "one-order")
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response.StatusCode, string(answer), response.Header.Get("Idempotency-Replayed")
}
