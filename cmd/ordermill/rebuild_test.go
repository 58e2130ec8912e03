package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

const begunOrders = `202 {"name":"orders","generation":2,"status":"running"}`

func TestRebuild_cancel_endsTheOneThatRuns(t *testing.T) {
	server := fake(t, map[string]string{"GET /v1/projections": twoModels,
		"POST /v1/projections/orders/rebuild/cancel":   `{"name":"orders","generation":2,"status":"cancelled"}`,
		"POST /v1/projections/payments/rebuild/cancel": problem(409, v1.RebuildNotRunning, false)})
	r := ordermill(t, server, "", "rebuild", "orders", "--cancel")
	require.Equal(t, exitOK, r.code, r.err)
	require.Equal(t, "orders: cancelled, nothing of generation 2 goes live\n", r.out)
	require.Equal(t, exitRefused, ordermill(t, server, "", "rebuild", "payments", "--cancel").code)
	r = ordermill(t, server, "", "rebuild", "all", "--cancel")
	require.Equal(t, exitOK, r.code, "of all, those that run are meant: %s", r.err)
	require.Equal(t, "orders: cancelled, nothing of generation 2 goes live\n", r.out)
}

func TestRebuild_cancelledByAnother_saysSo(t *testing.T) {
	server := fake(t, map[string]string{"POST /v1/projections/orders/rebuild": begunOrders,
		"GET /v1/projections/orders/rebuild": `{"name":"orders","generation":2,"status":"cancelled"}`})
	r := ordermill(t, server, "", "rebuild", "orders")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.err, "rebuild of orders: cancelled\n")
}

// TestRebuild_interrupted_goesOn: Ctrl-C ends the watching and nothing else.
func TestRebuild_interrupted_goesOn_andSaysHowToCancel(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		switch {
		case r.URL.Path == "/v1/projections":
			_, _ = w.Write([]byte(twoModels))
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte(`{"name":"orders","generation":2,"status":"running"}`))
		default:
			interrupt()
			_, _ = w.Write([]byte(`{"name":"orders","generation":2,"status":"running","events_done":1,"events_total":9}`))
		}
	}))
	defer server.Close()
	var out, err bytes.Buffer
	code := run(ctx, []string{"rebuild", "all", "--addr", strings.TrimPrefix(server.URL, "http://")}, terminal{Out: &out, Err: &err})
	require.Equal(t, exitFailed, code)
	require.Contains(t, err.String(), "it goes on in the server; to end it: ordermill rebuild orders --cancel")
	require.Contains(t, err.String(), "not begun: payments")
	require.Equal(t, []string{"GET /v1/projections", "POST /v1/projections/orders/rebuild", "GET /v1/projections/orders/rebuild"}, asked)
}

func TestRollback_watchesToTheEnd(t *testing.T) {
	server := fake(t, map[string]string{
		"POST /v1/projections/orders/rollback":   `202 {"name":"orders","generation":1,"status":"running"}`,
		"GET /v1/projections/orders/rebuild":     `{"name":"orders","generation":1,"status":"done","events_done":9,"events_total":9}`,
		"POST /v1/projections/payments/rollback": problem(409, v1.NothingKept, false)})
	r := ordermill(t, server, "", "rollback", "orders")
	require.Equal(t, exitOK, r.code, r.err)
	require.Equal(t, "orders: done, generation 1, 9 of 9 events\n", r.out)
	require.Equal(t, exitRefused, ordermill(t, server, "", "rollback", "payments").code)
}

// TestWatch_errorIsShownWhole_andOnce: with a bar as without one, and what it stumbles over next is shown as well.
func TestWatch_errorIsShownWhole_andOnce(t *testing.T) {
	long := "disk full: " + strings.Repeat("x", 500)
	for _, kind := range []string{"lines", "bar"} {
		var out, err bytes.Buffer
		s := &session{terminal: terminal{Out: &out, Err: &err}}
		move, line, done := s.lines("orders")
		if kind == "bar" {
			move, line, done = s.bar("orders")
		}
		tell := s.telling("orders", move, line)
		seconds := int64(90)
		for _, problem := range []string{"", long, long, "away"} {
			tell(v1.Rebuild{Status: "running", Generation: 2, EventsDone: 10, EventsTotal: 100, EventsPerSecond: 7, ETASeconds: &seconds, Error: problem})
		}
		tell(v1.Rebuild{Status: "failed", Generation: 2, Error: "away"})
		done()
		require.Equal(t, 1, strings.Count(err.String(), "orders: it stumbled, and goes on: "+long+"\n"), kind)
		require.Equal(t, 1, strings.Count(err.String(), "orders: it stumbled, and goes on: away\n"), kind)
		both := out.String() + err.String()
		require.Contains(t, both, "7 events/s, 1m30s left", kind)
		require.Contains(t, both, "orders: failed, generation 2, 0 of 0 events\n", kind)
	}
}
