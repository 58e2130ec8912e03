package api_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/eventstore/subscription"
)

// direct serves a request without a network, so that its time can be a bubble's.
func (s *shop) direct(method, path, body string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, request)
	return w
}

// TestStoreFrozen: a database that neither answers nor hangs up is told to clients as away, by every query there is.
func TestStoreFrozen_everyQueryIs503In10Seconds(t *testing.T) {
	s := newShop(t)
	s.frozen = true
	place := strings.NewReplacer("{name}", "orders", "{stream}", "order-1", "{id}", "1", "{sku}", "A", "{frozen}", "4")
	asked := 0
	for path, item := range s.description().Paths.Map() {
		if item.Get == nil || path == "/livez" || path == "/readyz" || path == "/v1/events/stream" {
			continue
		}
		asked++
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			w := s.direct("GET", place.Replace(path), "")
			require.Equal(t, 10*time.Second, time.Since(begun), path)
			s.isAway(t, w)
		})
	}
	require.Greater(t, asked, 10)
}

func TestStoreFrozen_rebuildIsNotWaitedForEither(t *testing.T) {
	s := newShop(t)
	s.frozen = true
	synctest.Test(t, func(t *testing.T) { s.isAway(t, s.direct("POST", "/v1/projections/orders/rebuild", "")) })
}

func (s *shop) isAway(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, 503, w.Code, w.Body)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	var p v1.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, v1.StoreUnavailable, p.Code)
}

// TestClientGone: whoever leaves first is not told that the database is away.
func TestClientGone_isNotTheDatabasesFault(t *testing.T) {
	s := newShop(t)
	s.frozen = true
	ctx, leave := context.WithCancel(t.Context())
	leave()
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, httptest.NewRequest("GET", "/v1/orders", nil).WithContext(ctx))
	require.Equal(t, 408, w.Code, w.Body)
}

// TestPreferWait: the bound of queries does not end a wait that was asked for.
func TestPreferWait_isNotCutByTheBoundOfQueries(t *testing.T) {
	s := newShop(t)
	s.desk.result, s.desk.position, s.desk.takes = app.MessageResult{MessageID: "m", Status: "processed"}, 2, 8*time.Second
	checkout := subscription.Status{Name: "checkout", Kind: "reactor", Position: 1}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s.consumers.looked = func() {
			if time.Since(begun) > 17*time.Second {
				checkout.Position = 2
			}
			s.consumers.statuses = []subscription.Status{checkout}
		}
		w := s.direct("POST", "/v1/messages", "{}", asJSON, "Prefer: wait=10")
		require.Equal(t, 202, w.Code, w.Body)
		require.Equal(t, "wait=10", w.Header().Get("Preference-Applied"))
	})
}
