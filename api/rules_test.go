package api_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/eventstore"
)

const bear = `{"sku":"TEDDY-BEAR","name":"Teddy Bear","price_minor":2999,"currency":"USD"}`

func TestBodies_malformed_is400(t *testing.T) {
	s := newShop(t)
	for name, c := range map[string]struct{ body, code, pointer string }{
		"empty":            {"", "empty", ""},
		"byte order mark":  {"\ufeff{}", "byte-order-mark", ""},
		"array":            {"[]", "not-an-object", ""},
		"broken":           {`{"sku":`, "syntax", "/sku"},
		"trailing text":    {bear + "x", "trailing-text", ""},
		"duplicate key":    {`{"sku":"A","sku":"B"}`, "duplicate-key", "/sku"},
		"unknown key":      {strings.Replace(bear, "{", `{"colour":"red",`, 1), "unknown-key", "/colour"},
		"wrong-case key":   {strings.Replace(bear, "sku", "SKU", 1), "wrong-case-key", "/SKU"},
		"NUL":              {`{"name":"a\u0000"}`, "nul", "/name"},
		"broken UTF-8":     {"{\"name\":\"\xff\"}", "invalid-utf8", "/name"},
		"lone surrogate":   {`{"name":"\ud800"}`, "lone-surrogate", "/name"},
		"too deep":         {strings.Repeat(`{"a":`, 33), "too-deep", strings.Repeat("/a", 32)},
		"wrong type":       {strings.Replace(bear, `"USD"`, "1", 1), "wrong-type", "/currency"},
		"null":             {strings.Replace(bear, `"USD"`, "null", 1), "wrong-type", "/currency"},
		"fraction":         {strings.Replace(bear, "2999", "29.99", 1), "not-an-integer", "/price_minor"},
		"exponent":         {strings.Replace(bear, "2999", "3e3", 1), "not-an-integer", "/price_minor"},
		"beyond 64 bits":   {strings.Replace(bear, "2999", "9223372036854775808", 1), "integer-too-wide", "/price_minor"},
		"below minus 2^63": {strings.Replace(bear, "2999", "-9223372036854775809", 1), "integer-too-wide", "/price_minor"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := s.post("/v1/products", c.body)
			require.Equal(t, 400, answer.StatusCode)
			p := answer.problem(v1.InvalidJSON)
			require.Len(t, p.Errors, 1)
			require.Equal(t, c.code, p.Errors[0].Code)
			require.Equal(t, c.pointer, p.Errors[0].Pointer)
			require.Nil(t, s.desk.command, "the desk was asked")
		})
	}
}

func TestBodies_outOfRange_is422(t *testing.T) {
	s := newShop(t)
	for name, c := range map[string]struct{ path, body, code, pointer string }{
		"missing":           {"/v1/products", strings.Replace(bear, `"sku":"TEDDY-BEAR",`, "", 1), "required", "/sku"},
		"id pattern":        {"/v1/products", strings.Replace(bear, "TEDDY-BEAR", "TEDDY BEAR", 1), "pattern", "/sku"},
		"empty id":          {"/v1/products", strings.Replace(bear, "TEDDY-BEAR", "", 1), "pattern", "/sku"},
		"long id":           {"/v1/products", strings.Replace(bear, "TEDDY-BEAR", strings.Repeat("A", 65), 1), "pattern", "/sku"},
		"id and newline":    {"/v1/products", strings.Replace(bear, "TEDDY-BEAR", `A\n`, 1), "pattern", "/sku"},
		"empty name":        {"/v1/products", strings.Replace(bear, "Teddy Bear", "", 1), "too-short", "/name"},
		"long name":         {"/v1/products", strings.Replace(bear, "Teddy Bear", strings.Repeat("ü", 201), 1), "too-long", "/name"},
		"negative price":    {"/v1/products", strings.Replace(bear, "2999", "-1", 1), "too-small", "/price_minor"},
		"price over 2^53-1": {"/v1/products", strings.Replace(bear, "2999", "9007199254740992", 1), "too-large", "/price_minor"},
		"currency":          {"/v1/products", strings.Replace(bear, "USD", "usd", 1), "pattern", "/currency"},
		"no items":          {"/v1/orders", `{}`, "required", "/items"},
		"empty items":       {"/v1/orders", `{"items":[]}`, "too-few", "/items"},
		"201 items":         {"/v1/orders", `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"sku":"A","quantity":1},`, 201), ",") + `]}`, "too-many", "/items"},
		"quantity 0":        {"/v1/orders", `{"items":[{"sku":"A","quantity":1},{"sku":"B","quantity":0}]}`, "too-small", "/items/1/quantity"},
		"quantity too big":  {"/v1/orders", `{"items":[{"sku":"A","quantity":1000001}]}`, "too-large", "/items/0/quantity"},
		"no sku, no name":   {"/v1/orders", `{"items":[{"quantity":1}]}`, "required", "/items/0/sku"},
		"order id":          {"/v1/orders", `{"order_id":"","items":[{"sku":"A","quantity":1}]}`, "pattern", "/order_id"},
		"customer ref":      {"/v1/orders", `{"customer_ref":"a@b","items":[{"sku":"A","quantity":1}]}`, "pattern", "/customer_ref"},
		"amount 0":          {"/v1/orders/1/payments", `{"payment_id":"p","amount_minor":0}`, "too-small", "/amount_minor"},
		"price missing":     {"/v1/products/A/price", `{}`, "required", "/price_minor"},
		"new price":         {"/v1/products/A/price", `{"price_minor":-1}`, "too-small", "/price_minor"},
		"new name":          {"/v1/products/A/rename", `{"name":""}`, "too-short", "/name"},
		"delta too small":   {"/v1/inventory/A/adjustments", `{"delta":-1000001,"reason":"count"}`, "too-small", "/delta"},
		"adjusted for":      {"/v1/inventory/A/adjustments", `{"delta":1}`, "required", "/reason"},
		"cancelled for":     {"/v1/orders/1/cancel", `{"reason":"too dear"}`, "pattern", "/reason"},
		"no lines shipped":  {"/v1/orders/1/shipments", `{"lines":[]}`, "too-few", "/lines"},
		"shipped line":      {"/v1/orders/1/shipments", `{"lines":[{"quantity":1}]}`, "required", "/lines/0/line_id"},
		"shipped quantity":  {"/v1/orders/1/shipments", `{"lines":[{"line_id":"1","quantity":0}]}`, "too-small", "/lines/0/quantity"},
		"carrier":           {"/v1/orders/1/shipments", `{"carrier":""}`, "pattern", "/carrier"},
		"refund of 0":       {"/v1/orders/1/refunds", `{"amount_minor":0,"reason":"gift"}`, "too-small", "/amount_minor"},
		"refunded for":      {"/v1/orders/1/refunds", `{"amount_minor":1}`, "required", "/reason"},
		"refund failed for": {"/v1/orders/1/refunds/f/fail", `{"code":""}`, "pattern", "/code"},
		"matched to":        {"/v1/payments/unmatched/c/match", `{}`, "required", "/order_id"},
		"decision missing":  {"/v1/reviews/v/resolve", `{}`, "required", "/decision"},
		"unknown decision":  {"/v1/reviews/v/resolve", `{"decision":"forget"}`, "not-allowed", "/decision"},
		"note":              {"/v1/reviews/v/resolve", `{"decision":"apply","note_ref":"a b"}`, "pattern", "/note_ref"},
		"no payment id":     {"/v1/orders/1/payments", `{"amount_minor":1}`, "required", "/payment_id"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := s.post(c.path, c.body, "Idempotency-Key: k")
			require.Equal(t, 422, answer.StatusCode, answer.text)
			p := answer.problem(v1.ValidationFailed)
			require.Len(t, p.Errors, 1)
			require.Equal(t, c.code, p.Errors[0].Code)
			require.Equal(t, c.pointer, p.Errors[0].Pointer)
			require.Nil(t, s.desk.command, "the desk was asked")
		})
	}
}

func TestBodies_valueNotAllowed_saysWhichAre(t *testing.T) {
	p := newShop(t).post("/v1/reviews/v/resolve", `{"decision":"forget"}`).problem(v1.ValidationFailed)
	require.Equal(t, "must be apply, refund or dismiss", p.Errors[0].Detail)
}

func TestBodies_size(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.MessageResult{MessageID: "m", Status: "processed"}
	letter := `{"event_type":"order.created","payload":{}}`
	full := letter + strings.Repeat(" ", 1<<20-len(letter))
	s.post("/v1/messages", full).ok(202, &v1.MessageAccepted{})
	require.Equal(t, full, s.desk.command)
	answer := s.post("/v1/messages", full+" ")
	require.Equal(t, 413, answer.StatusCode)
	answer.problem(v1.BodyTooLarge)
}

func TestBodies_mediaType(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.MessageResult{MessageID: "m", Status: "processed"}
	for _, good := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
		s.do("POST", "/v1/messages", "{}", "Content-Type: "+good).ok(202, &v1.MessageAccepted{})
	}
	s.do("POST", "/v1/products", "{}", "Content-Type: application/x-ndjson").problem(v1.UnsupportedMediaType)
	for _, bad := range []string{"", "text/plain", "application/x-ndjson; charset=latin1", "application/json; charset=latin1", "application/jsonx", ";;"} {
		answer := s.do("POST", "/v1/messages", "{}", "Content-Type: "+bad)
		require.Equal(t, 415, answer.StatusCode, bad)
		answer.problem(v1.UnsupportedMediaType)
	}
	s.do("POST", "/v1/messages", "{}").problem(v1.UnsupportedMediaType)
	s.post("/v1/messages", "{}", "Content-Encoding: gzip").problem(v1.UnsupportedMediaType)
	require.Equal(t, 202, s.do("POST", "/v1/projections/orders/rebuild", "").StatusCode, "a POST without a body needs no media type")
	s.do("POST", "/v1/messages", "").problem(v1.InvalidJSON)
}

func TestValues_thatBreakTheirForm_are400(t *testing.T) {
	s := newShop(t)
	for _, path := range []string{
		"/v1/orders?limit=0", "/v1/orders?limit=201", "/v1/orders?limit=-1", "/v1/orders?limit=ten", "/v1/orders?limit=1.5", "/v1/orders?limit=",
		"/v1/orders?limit=1&limit=2", "/v1/orders?cursor=", "/v1/orders?cursor=zzz", "/v1/orders?cursor=%00", "/v1/orders?cursor=%ff",
		"/v1/orders?colour=red", "/v1/orders?Limit=1", "/v1/orders?limit=%zz", "/v1/orders?limit=1;cursor=2", "/v1/orders?%00=1",
		"/v1/orders/%00", "/v1/orders/a%20b", "/v1/orders/a%2Fb", "/v1/orders/%ff", "/v1/orders/" + strings.Repeat("a", 65), "/v1/orders/1?x=1",
		"/v1/orders/%00/payment", "/v1/products/a%20b", "/v1/inventory/a+b", "/v1/messages/%0a", "/v1/messages?cursor=zzz", "/v1/mailbox?cursor=zzz",
		"/v1/events?after=-1", "/v1/events?after=x", "/v1/events?after=9223372036854775808", "/v1/events?types=a,,b", "/v1/events?after=", "/v1/events?stream=nodash",
		"/v1/events?limit=201", "/v1/streams/nodash", "/v1/streams/order-1?cursor=zzz", "/v1/projections?x=1", "/v1/projections/%00/rebuild", "/livez?x=1",
	} {
		answer := s.get(path)
		require.Equal(t, 400, answer.StatusCode, "%s: %s", path, answer.text)
		answer.problem(v1.InvalidParameter)
	}
	s.post("/v1/orders/a%20b/payments", `{"payment_id":"p","amount_minor":1}`).problem(v1.InvalidParameter)
	for _, path := range []string{"/v1/orders/1/shipments/a%20b/deliver", "/v1/orders/1/refunds/%00/complete", "/v1/orders/%ff/cancel",
		"/v1/payments/unmatched/a%2Fb/refund", "/v1/reviews/a%20b/resolve", "/v1/products/A/discontinue?x=1"} {
		s.post(path, "{}").problem(v1.InvalidParameter)
	}
	s.post("/v1/products?x=1", bear).problem(v1.InvalidParameter)
}

func TestPaths_unknown404_knownWithAnotherMethod405(t *testing.T) {
	s := newShop(t)
	for _, path := range []string{"/", "/v1", "/v2/orders", "/v1/orders/", "/v1/Orders", "/v1/orders/1/nothing", "//v1/orders", "/v1/order", "/favicon.ico"} {
		answer := s.get(path)
		require.Equal(t, 404, answer.StatusCode, path)
		answer.problem(v1.NotFound)
	}
	for path, allow := range map[string]string{
		"/v1/messages": "GET, POST", "/v1/orders/1": "GET", "/v1/orders/1/payments": "POST", "/v1/events/stream": "GET", "/openapi.json": "GET",
	} {
		answer := s.do("DELETE", path, "")
		require.Equal(t, 405, answer.StatusCode, path)
		answer.problem(v1.MethodNotAllowed)
		var methods []string
		for _, m := range strings.Split(answer.Header.Get("Allow"), ",") {
			methods = append(methods, strings.TrimSpace(m))
		}
		require.ElementsMatch(t, strings.Split(allow, ", "), methods, path)
	}
	for _, method := range []string{"PUT", "PATCH", "OPTIONS", "TRACE", "STRANGE"} {
		require.Equal(t, 405, s.do(method, "/v1/orders", "").StatusCode, method)
	}
}

func TestProblems_neverEchoAValue(t *testing.T) {
	s := newShop(t)
	for _, answer := range []answered{
		s.post("/v1/products", `{"sku":"S3CRET VALUE"}`), s.post("/v1/products", `{"sku":["S3CRET"]}`), s.post("/v1/products", `S3CRET`),
		s.get("/v1/orders?limit=S3CRET"), s.get("/v1/orders?cursor=S3CRET"), s.get("/v1/orders?S3CRET=1"), s.get("/v1/orders/S3CRET%20"), s.get("/S3CRET"),
		s.get("/v1/orders/S3CRET"), s.post("/v1/messages", "{}", "Idempotency-Key: S3CRETé"), s.get("/v1/events/stream", "Last-Event-ID: S3CRET"),
	} {
		require.GreaterOrEqual(t, answer.StatusCode, 400)
		require.NotContains(t, answer.text, "S3CRET")
	}
}

func TestProblems_ofCommands(t *testing.T) {
	s := newShop(t)
	for _, c := range []struct {
		err       error
		code      string
		status    int
		retryable bool
	}{
		{app.ErrConcurrentChange, v1.ConcurrentChange, 409, true},
		{fmt.Errorf("%w: type x", app.ErrUnreadable), v1.UnreadableEvent, 503, true},
		{fmt.Errorf("deciding: %w", app.ErrKeyReused), v1.IdempotencyKeyReused, 422, false},
		{app.ErrTwinInFlight, v1.IdempotencyKeyInFlight, 409, true},
		{app.ErrClosed, v1.NotReady, 503, true},
		{fmt.Errorf("append: %w: disk full", eventstore.ErrUnavailable), v1.StoreUnavailable, 503, true},
		{fmt.Errorf("append: %w", eventstore.ErrOutcomeUnknown), v1.OutcomeUnknown, 503, true},
		{errors.New("something secret"), v1.InternalError, 500, false},
		{&decider.Refusal{Code: "order-id-conflict", Detail: "an order with this id is there"}, v1.OrderIDConflict, 409, false},
		{&decider.Refusal{Code: "a-code-nobody-knows", Detail: "no"}, v1.Refused, 422, false},
	} {
		s.desk.err = c.err
		answer := s.post("/v1/messages", `{"event_type":"order.created","payload":{}}`)
		require.Equal(t, c.status, answer.StatusCode)
		require.Equal(t, c.retryable, answer.problem(c.code).Retryable)
		require.Equal(t, c.retryable, answer.Header.Get("Retry-After") != "", c.code)
		require.NotContains(t, answer.text, "secret")
		require.NotContains(t, answer.text, "disk")
	}
}

func TestProblems_carryWhatTheCaseNeeds(t *testing.T) {
	s := newShop(t)
	s.desk.err = &decider.Refusal{Code: "unknown-product", Detail: "one item is not in the catalogue",
		Extra:  map[string]any{"current_status": "placed", "allowed": []string{"x"}, "code": "never wins"},
		Errors: []decider.FieldError{{Pointer: "/items/0/sku", Code: "unknown", Detail: "is not in the catalogue"}}}
	p := s.post("/v1/orders", `{"items":[{"sku":"A","quantity":1}]}`).problem(v1.UnknownProduct)
	require.Equal(t, "placed", p.Extra["current_status"])
	require.Equal(t, []any{"x"}, p.Extra["allowed"])
	require.Equal(t, "/items/0/sku", p.Errors[0].Pointer)
}

func TestPanic_isAProblemAndTheServerLives(t *testing.T) {
	s := newShop(t)
	s.desk.panics = true
	s.post("/v1/messages", `{}`).problem(v1.InternalError)
	require.Equal(t, 200, s.get("/livez").StatusCode)
}

func TestStoreAway_queriesAre503(t *testing.T) {
	s := newShop(t)
	s.log.err = eventstore.ErrUnavailable
	s.consumers.err = errors.New("connection refused")
	for _, path := range []string{"/v1/events", "/v1/streams/order-1", "/v1/consumers", "/v1/messages"} {
		answer := s.get(path)
		require.Equal(t, 503, answer.StatusCode, path)
		answer.problem(v1.StoreUnavailable)
		require.NotEmpty(t, answer.Header.Get("Retry-After"))
	}
}

func TestForwardedFor_isNotBelievedAndChangesNothing(t *testing.T) {
	s := newShop(t)
	require.Equal(t, 200, s.get("/livez", "X-Forwarded-For: 10.0.0.1", "X-Real-IP: 10.0.0.2").StatusCode)
}

// raw sends bytes as they are, for requests that no client library would send.
func raw(t *testing.T, s *shop, text string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	_, err = conn.Write([]byte(text))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestBodies_brokenFraming_is400(t *testing.T) {
	s := newShop(t)
	response := raw(t, s, "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
	require.Equal(t, 400, response.StatusCode)
	require.Equal(t, v1.ProblemMediaType, response.Header.Get("Content-Type"))
}

func TestServer_limits(t *testing.T) {
	server := newShop(t).api.Server()
	require.Equal(t, 5*time.Second, server.ReadHeaderTimeout)
	require.Equal(t, 15*time.Second, server.ReadTimeout)
	require.Equal(t, 30*time.Second, server.WriteTimeout)
	require.Equal(t, 60*time.Second, server.IdleTimeout)
	require.Equal(t, 16<<10, server.MaxHeaderBytes)
}

// TestBodies_slow: a body that never arrives is answered, not waited for.
func TestBodies_slow_is408(t *testing.T) {
	s := newShop(t)
	slow := newServer(t, s, 50*time.Millisecond, time.Minute)
	conn, err := net.Dial("tcp", slow.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 408, response.StatusCode)
}

// A client's text is not echoed: what it might have meant is named instead.
func TestParameters_unknown_tellsWhichAreKnown(t *testing.T) {
	s := newShop(t)
	p := s.get("/v1/orders/7?colour=red").problem(v1.InvalidParameter)
	require.Equal(t, []v1.FieldError{{Code: "unknown", Detail: "the query has a parameter that is not known here; these are: min_position, as_of"}}, p.Errors)
	require.Contains(t, p.Detail, "errors tells which")
	require.Contains(t, s.get("/v1/consumers?colour=red").problem(v1.InvalidParameter).Errors[0].Detail, "these are: limit, cursor")
	require.Contains(t, s.get("/v1/projections/orders/frozen/4?colour=red").problem(v1.InvalidParameter).Errors[0].Detail, "there are none")
}
