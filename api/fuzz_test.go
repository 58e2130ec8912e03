package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ordermill/app"
)

// FuzzRequest: nothing a client sends may cause a 500, or an answer that is neither JSON nor a problem.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][5]string{
		{"POST", "/v1/messages", "application/json", "", `{"event_type":"order.created","payload":{"order_id":"123","items":[{"name":"Teddy Bear","quantity":1}]}}`},
		{"POST", "/v1/products", "application/json", "k", bear},
		{"POST", "/v1/inventory/A/receipts", "application/json", `"k"`, `{"quantity":1,"stock_receipt_id":"r"}`},
		{"POST", "/v1/orders", "application/json;charset=utf-8", "", `{"items":[{"sku":"A","quantity":1,"expected_unit_price_minor":1}]}`},
		{"POST", "/v1/orders/1/payments", "application/json", "", `{"payment_id":"p","amount_minor":1}`},
		{"POST", "/v1/messages", "application/x-ndjson", "k", "{\"event_type\":\"order.created\",\"payload\":{}}\n\n[]\r\n{\"a\":1}"},
		{"POST", "/v1/products/A/discontinue", "", "", ""},
		{"POST", "/v1/inventory/A/adjustments", "application/json", "k", `{"delta":-1,"reason":"count"}`},
		{"POST", "/v1/orders/1/shipments", "application/json", "", `{"lines":[{"line_id":"1","quantity":1}],"carrier":"post"}`},
		{"POST", "/v1/orders/1/refunds/f/fail", "application/json", "", `{"code":"gone"}`},
		{"POST", "/v1/payments/unmatched/c/match", "application/json", "", `{"order_id":"1"}`},
		{"POST", "/v1/reviews/v/resolve", "application/json", "", `{"decision":"apply"}`},
		{"POST", "/v1/projections/orders/rebuild", "", "", ""},
		{"GET", "/v1/events?after=1&types=a.b&stream=order-1&limit=3", "", "", ""},
		{"GET", "/v1/orders?limit=5&cursor=%00", "", "", ""},
		{"GET", "/v1/orders/%2e%2e%2f", "", "", ""},
		{"DELETE", "/problems/%ff", "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], []byte(seed[4]))
	}
	s := newShop(f)
	f.Fuzz(func(t *testing.T, method, target, media, key string, body []byte) {
		location, err := url.ParseRequestURI(target)
		if err != nil || strings.Contains(location.Path, "/events") && method == http.MethodGet {
			return // streams do not end
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, method, "/", strings.NewReader(string(body)))
		if err != nil {
			return
		}
		request.URL, request.RequestURI = location, target
		if media != "" {
			request.Header.Set("Content-Type", media)
		}
		if key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		s.desk.err = app.ErrConcurrentChange // what it would decide is not this test's business
		recorder := httptest.NewRecorder()
		s.api.ServeHTTP(recorder, request)
		if recorder.Code >= 500 {
			t.Fatalf("%s %s: %d %s", method, target, recorder.Code, recorder.Body)
		}
		if kind := recorder.Header().Get("Content-Type"); recorder.Code >= 400 && kind != "application/problem+json" {
			t.Fatalf("%s %s: %d as %q: %s", method, target, recorder.Code, kind, recorder.Body)
		}
	})
}
