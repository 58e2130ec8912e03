package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

// result is what a run of the program left behind.
type result struct {
	code     int
	out, err string
}

// ordermill runs the program with these arguments against a server; "" is none.
func ordermill(t *testing.T, server, stdin string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	if server != "" {
		args = append(args, "--addr", strings.TrimPrefix(server, "http://"))
	}
	code := run(context.Background(), args, terminal{In: strings.NewReader(stdin), Out: &out, Err: &err})
	return result{code, out.String(), err.String()}
}

// fake serves fixed answers by "METHOD /path"; an answer that begins with a digit begins with its status.
func fake(t *testing.T, answers map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			answer = problem(404, v1.NotFound, false)
		}
		status := 200
		if answer != "" && answer[0] >= '0' && answer[0] <= '9' {
			head, body, _ := strings.Cut(answer, " ")
			fmt.Sscan(head, &status)
			answer = body
		}
		if status >= 400 {
			w.Header().Set("Content-Type", v1.ProblemMediaType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func problem(status int, code string, retryable bool) string {
	return fmt.Sprintf(`%d {"status":%d,"code":%q,"title":"No","detail":"because","retryable":%t,"errors":[{"pointer":"/a","code":"c","detail":"is wrong"}]}`,
		status, status, code, retryable)
}

func TestExitCodes(t *testing.T) {
	closed := "http://" + unusedAddress(t)
	taken := fake(t, nil)
	const stores = "the store must be postgres://... or sqlite://FOLDER"
	for name, c := range map[string]struct {
		server string
		args   []string
		code   int
		err    string
	}{
		"no command":              {"", nil, exitUsage, "--help"},
		"unknown command":         {"", []string{"dance"}, exitUsage, "dance"},
		"unknown flag":            {"", []string{"version", "--x"}, exitUsage, "--x"},
		"version":                 {"", []string{"version"}, exitOK, ""},
		"help":                    {"", []string{"--help"}, exitOK, ""},
		"no server":               {closed, []string{"projections"}, exitUnavailable, "ordermill dev"},
		"not found":               {fake(t, nil), []string{"orders", "show", "1"}, exitNotFound, "not-found"},
		"refused":                 {fake(t, map[string]string{"POST /v1/messages": problem(409, "order-id-conflict", false)}), []string{"send", "-"}, exitRefused, "/a: is wrong"},
		"try again":               {fake(t, map[string]string{"POST /v1/messages": problem(503, "store-unavailable", true)}), []string{"send", "-"}, exitUnavailable, "because"},
		"their mistake":           {fake(t, map[string]string{"POST /v1/messages": problem(500, "internal-error", false)}), []string{"send", "-"}, exitFailed, "because"},
		"no such file":            {fake(t, nil), []string{"send", "/nowhere/letter.json"}, exitUsage, "cannot be read"},
		"dev for the world":       {"http://0.0.0.0:0", []string{"dev", "--memory"}, exitUsage, "this machine only"},
		"dev for all":             {"http://:8080", []string{"dev", "--memory"}, exitUsage, "this machine only"},
		"dev on a name":           {"http://shop.example:8080", []string{"dev", "--memory"}, exitUsage, "this machine only"},
		"dev without a port":      {"http://127.0.0.1", []string{"dev", "--memory"}, exitUsage, "HOST:PORT"},
		"serve without store":     {"", []string{"serve", "--insecure"}, exitUsage, "--store"},
		"serve on an empty store": {"", []string{"serve", "--insecure", "--store", ""}, exitUsage, "--store is empty"},
		"serve with nobody let in": {"", []string{"serve", "--store", "sqlite:///nowhere"}, exitUsage,
			"no authentication yet"},
		"serve on a store of no kind": {taken, []string{"serve", "--insecure", "--store", "mysql://x"}, exitFailed, stores},
		"migrate a store of no kind":  {"", []string{"migrate", "--store", "foo"}, exitFailed, stores},
		"migrate a nameless folder":   {"", []string{"migrate", "--store", "sqlite://"}, exitFailed, stores},
		"migrate a read store of no kind": {"", []string{"migrate", "--store", "postgres://127.0.0.1:1/x", "--read-store", "mysql://x"}, exitFailed,
			"a read store is postgres://"},
		"dev on a taken port": {taken, []string{"dev", "--memory"}, exitFailed, "name another with --addr"},
	} {
		t.Run(name, func(t *testing.T) {
			r := ordermill(t, c.server, "{}", c.args...)
			require.Equal(t, c.code, r.code, r.err)
			require.Contains(t, r.err, c.err)
			if c.code == exitOK {
				require.Empty(t, r.err)
			} else {
				require.Empty(t, r.out)
			}
		})
	}
	require.Contains(t, ordermill(t, "", "", "--help").out, "Exit codes: 0 done; 1 failed, and")
}

func unusedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestSend_fileOrStandardInput(t *testing.T) {
	server := fake(t, map[string]string{"POST /v1/messages": `202 {"message_id":"m1","status":"processed","result":{"order_id":"123"}}`})
	file := filepath.Join(t.TempDir(), "letter.json")
	require.NoError(t, os.WriteFile(file, []byte(`{}`), 0o600))
	require.Equal(t, "processed  message m1  {\"order_id\":\"123\"}\n", ordermill(t, server, "", "send", file).out)
	require.Equal(t, `{"message_id":"m1","status":"processed","result":{"order_id":"123"}}`+"\n", ordermill(t, server, "{}", "send", "-", "--json").out)
}

func TestOrdersShow_forPeople(t *testing.T) {
	server := fake(t, map[string]string{"GET /v1/orders/123": `{"order_id":"123","status":"rejected","payment_status":"none","fulfillment_status":"unfulfilled",
		"reason":"out_of_stock","waiting_for":"payment","needs_review":true,"currency":"USD","grand_total_minor":5998,"captured_minor":0,"outstanding_minor":5998,"refunded_minor":5,
		"lines":[{"sku":"TEDDY-BEAR","name":"Teddy Bear","quantity":2,"total_minor":5998}],"shortages":[{"sku":"TEDDY-BEAR","requested":2,"available":1}],
		"placed_at":"2026-01-02T03:04:05.678Z","pay_by":"2026-01-02T03:19:05Z"}`})
	require.Equal(t, `Order 123: rejected, none, unfulfilled (needs review)
  placed               2026-01-02 03:04:05
  updated              -
  reason               out_of_stock
  waiting for          payment
  pay by               2026-01-02 03:19:05
  total                59.98 USD
  captured             0.00 USD
  outstanding          59.98 USD
  refunded             0.05 USD
  refund pending       0.00 USD
  2 x TEDDY-BEAR       59.98 USD  Teddy Bear
  short of TEDDY-BEAR  2 asked for, 1 available
`, ordermill(t, server, "", "orders", "show", "123").out)
	require.Contains(t, ordermill(t, server, "", "orders", "show", "123", "--json").out, `"order_id":"123"`)
}

func TestProjections(t *testing.T) {
	server := fake(t, map[string]string{"GET /v1/projections": `{"items":[{"name":"orders","generation":1,"position":9,"lag":2,"parked":0,"status":"live"},{"name":"timers","generation":3,"kept_generation":2,"status":"live"}]}`})
	require.Equal(t, "NAME    GENERATION  POSITION  LAG  PARKED  KEPT  STATUS  VERIFIED\norders  1           9         2    0       -     live    never\ntimers  3           0         0    0       2     live    never\n", ordermill(t, server, "", "projections").out)
	require.Contains(t, ordermill(t, server, "", "projections", "--json").out,
		`{"name":"orders","code_version":0,"generation":1,"position":9,"lag":2,"parked":0,"status":"live","kept_generation":0,"kept_until":null}`+"\n")
}

func TestConsumersAndRelays(t *testing.T) {
	consumer := `{"name":"mail","kind":"reactor","checkpoint":9,"lag":2,"lag_seconds":1.25,"owner":"","epoch":1,"parked":0,"lease_until":null,"heartbeat_at":"2026-01-02T03:04:05Z"}`
	relay := `{"transport":"amqp","consumer":"relay-amqp","checkpoint":9,"head":11,"lag":2,"lag_seconds":1.25,"owner":"me","heartbeat_at":null,"error":"dial: refused","beyond":{"first":12,"last":14,"events":3,"known_by":"stream"}}`
	server := fake(t, map[string]string{"GET /v1/consumers": `{"items":[` + consumer + `]}`, "GET /v1/relays": `{"items":[` + relay + `]}`})
	require.Equal(t, "NAME  KIND     CHECKPOINT  LAG  SECONDS  PARKED  OWNER  HEARTBEAT            ERROR\n"+
		"mail  reactor  9           2    1.2      0       -      2026-01-02 03:04:05  -\n", ordermill(t, server, "", "consumers").out)
	require.Equal(t, consumer+"\n", ordermill(t, server, "", "consumers", "--json").out)
	require.Equal(t, "TRANSPORT  CHECKPOINT  HEAD  LAG  SECONDS  OWNER  HEARTBEAT  BEYOND  ERROR\n"+
		"amqp       9           11    2    1.2      me     -          12..14  dial: refused\n", ordermill(t, server, "", "relays").out)
	require.Equal(t, relay+"\n", ordermill(t, server, "", "relays", "--json").out)
}

const twoModels = `{"items":[{"name":"payments"},{"name":"orders"}]}`

func TestRebuild_all_plainLines(t *testing.T) {
	done := `{"name":"x","generation":2,"status":"done","events_done":9,"events_total":9}`
	begun := `202 {"name":"x","generation":2,"status":"running"}`
	server := fake(t, map[string]string{"GET /v1/projections": twoModels,
		"POST /v1/projections/orders/rebuild": begun, "GET /v1/projections/orders/rebuild": done,
		"POST /v1/projections/payments/rebuild": begun, "GET /v1/projections/payments/rebuild": done})
	r := ordermill(t, server, "", "rebuild", "all")
	require.Equal(t, exitOK, r.code, r.err)
	require.Equal(t, "orders: done, generation 2, 9 of 9 events\npayments: done, generation 2, 9 of 9 events\n", r.out)
	require.Contains(t, ordermill(t, server, "", "rebuild", "orders", "--json").out, `"events_done":9`)
}

func TestRebuild_failedOrRunning_saysSo(t *testing.T) {
	server := fake(t, map[string]string{
		"POST /v1/projections/orders/rebuild":   `202 {"name":"orders","generation":2,"status":"running"}`,
		"GET /v1/projections/orders/rebuild":    `{"name":"orders","generation":2,"status":"failed","error":"disk full"}`,
		"POST /v1/projections/payments/rebuild": problem(409, v1.RebuildRunning, true)})
	r := ordermill(t, server, "", "rebuild", "orders")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.err, "disk full")
	require.Equal(t, exitUnavailable, ordermill(t, server, "", "rebuild", "payments").code)
	require.Equal(t, exitNotFound, ordermill(t, server, "", "rebuild", "other").code)
}

func TestVerify_differencesHaveTheirExitCode(t *testing.T) {
	server := fake(t, map[string]string{"GET /v1/projections": twoModels,
		"POST /v1/projections/orders/verify":   `{"name":"orders","ok":true,"rows":3,"position":9,"generation":1}`,
		"POST /v1/projections/payments/verify": `{"name":"payments","ok":false,"rows":3,"position":9,"generation":1,"count":1,"differences":[{"key":"1","column":"body.status","live":"a","folded":"b"}]}`})
	r := ordermill(t, server, "", "verify")
	require.Equal(t, exitDiffers, r.code)
	require.Equal(t, "orders: as the log says (3 rows at position 9, generation 1)\npayments: 1 difference (3 rows at position 9, generation 1)\n  1 body.status: a, the log says b\n", r.out)
	require.Equal(t, exitOK, ordermill(t, server, "", "verify", "orders").code)
}

func TestEventsTail_count(t *testing.T) {
	event := `{"position":%d,"stream":"order-123","version":1,"type":"order.placed","data":{"a":1},"recorded_at":"2026-01-02T03:04:05.678Z"}`
	server := fake(t, map[string]string{"GET /v1/events": `{"items":[],"next_after":0}`,
		"GET /v1/events/stream": fmt.Sprintf(": open\n\nid: 1\ndata: "+event+"\n\nid: 2\ndata: "+event+"\n\n", 1, 2)})
	r := ordermill(t, server, "", "events", "tail", "-n", "2")
	require.Equal(t, exitOK, r.code, r.err)
	require.Equal(t, 2, strings.Count(r.out, "\n"))
	require.Contains(t, r.out, "     1  03:04:05.678  order-123/1                  order.placed                   {\"a\":1}\n")
	require.Contains(t, ordermill(t, server, "", "events", "tail", "-n", "1", "--json").out, `"position":1`)
}

func TestEventsTail_interrupted_isNoFailure(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/events" {
			fmt.Fprint(w, `{"items":[],"next_after":0}`)
			return
		}
		w.(http.Flusher).Flush()
		interrupt()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	var out, failed bytes.Buffer
	require.Equal(t, exitOK, run(ctx, []string{"events", "tail", "--addr", s.Listener.Addr().String()}, terminal{Out: &out, Err: &failed}), failed.String())
	require.Empty(t, failed.String())
}

// shopOfLines answers each line with its text, refusing those that say no, and keeps the key of each request.
func shopOfLines(t *testing.T, keys *[]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*keys = append(*keys, r.Header.Get("Idempotency-Key"))
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) > bytesPerRequest || r.Header.Get("Content-Type") != "application/x-ndjson" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		var items v1.MessagesAccepted
		for i, line := range strings.Split(strings.TrimSuffix(string(body), "\n"), "\n") {
			switch line {
			case "":
			case "no":
				items.Items = append(items.Items, v1.LineAccepted{Line: i + 1, Status: "failed", Problem: &v1.Problem{Code: "c", Title: "No", Detail: "because"}})
			default:
				items.Items = append(items.Items, v1.LineAccepted{Line: i + 1, Status: "processed", MessageID: line[:min(len(line), 9)]})
			}
		}
		_ = json.NewEncoder(w).Encode(items)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestSendLines_refusedOneIsTold_othersGoOn(t *testing.T) {
	var keys []string
	r := ordermill(t, shopOfLines(t, &keys), "a\n\nno\nb", "send", "--lines", "-")
	require.Equal(t, exitRefused, r.code)
	require.Equal(t, "line 1  processed  message a  \nline 3  failed  No: because (c)\nline 4  processed  message b  \n", r.out)
	require.Contains(t, r.err, "1 of 3 letters were refused")
	require.Equal(t, []string{""}, keys)
	require.Equal(t, exitUsage, ordermill(t, shopOfLines(t, &keys), "\n \n", "send", "--lines", "-").code)
}

func TestSendLines_moreThanARequestTakes_goInSeveral(t *testing.T) {
	var keys []string
	big := strings.Repeat("x", 700<<10)
	r := ordermill(t, shopOfLines(t, &keys), strings.Repeat("a\n", 1001)+big+"\n"+big+"\n", "send", "--lines", "-", "--key", "k")
	require.Equal(t, exitOK, r.code, r.err)
	require.Equal(t, []string{`"k-1"`, `"k-1001"`, `"k-1003"`}, keys)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	require.Len(t, lines, 1003)
	require.Equal(t, "line 1003  processed  message xxxxxxxxx", strings.TrimSpace(lines[1002]))
}
