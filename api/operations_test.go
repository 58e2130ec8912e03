package api_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api"
	"ordermill/api/v1"
	"ordermill/eventstore/subscription"
	"ordermill/projections"
)

func TestHealth(t *testing.T) {
	s := newShop(t)
	s.ready = errors.New("read models are still catching up with the log")
	var h v1.Health
	s.get("/livez").ok(200, &h)
	answer := s.get("/readyz")
	require.Equal(t, 503, answer.StatusCode)
	require.Contains(t, answer.problem(v1.NotReady).Detail, "catching up")
	s.ready = nil
	s.get("/readyz").ok(200, &h)
	require.Equal(t, "ready", h.Status)
}

func TestProjections_list(t *testing.T) {
	s := newShop(t)
	s.models[0].position = 5
	var page v1.List[v1.Projection]
	s.get("/v1/projections").ok(200, &page)
	require.Equal(t, []v1.Projection{
		{Name: "orders", CodeVersion: 1, Generation: 1, Position: 5, Status: "live"}, {Name: "payments", CodeVersion: 1, Generation: 1, Status: "live"},
	}, page.Items)
}

func TestProjections_pageByPage(t *testing.T) {
	s := newShop(t)
	var page v1.List[v1.Projection]
	s.get("/v1/projections?limit=1").ok(200, &page)
	require.Equal(t, "orders", page.Items[0].Name)
	next := *page.NextCursor
	s.get("/v1/projections?limit=1&cursor="+next).ok(200, &page)
	require.Equal(t, "payments", page.Items[0].Name)
	require.Nil(t, page.NextCursor)
	s.get("/v1/consumers?cursor=" + next).problem(v1.InvalidParameter)
}

func TestRebuild_startedOnce_watched(t *testing.T) {
	s := newShop(t)
	s.get("/v1/projections/orders/rebuild").problem(v1.NotFound)
	var r v1.Rebuild
	answer := s.do("POST", "/v1/projections/orders/rebuild", "")
	answer.ok(202, &r)
	require.Equal(t, "/v1/projections/orders/rebuild", answer.Header.Get("Location"))
	require.Equal(t, v1.Rebuild{Name: "orders", Generation: 2, Status: "running", EventsTotal: 9}, r)
	second := s.do("POST", "/v1/projections/orders/rebuild", "")
	require.Equal(t, 409, second.StatusCode)
	second.problem(v1.RebuildRunning)
	s.models[0].progress.Status, s.models[0].progress.EventsDone = projections.Done, 9
	s.get("/v1/projections/orders/rebuild").ok(200, &r)
	require.Equal(t, v1.Rebuild{Name: "orders", Generation: 2, Status: "done", EventsDone: 9, EventsTotal: 9}, r)
	require.Equal(t, 202, s.do("POST", "/v1/projections/payments/rebuild", "").StatusCode, "another one may be rebuilt beside it")
	s.do("POST", "/v1/projections/other/rebuild", "").problem(v1.NotFound)
}

func TestVerify_tellsEveryDifference(t *testing.T) {
	s := newShop(t)
	var v v1.Verification
	s.do("POST", "/v1/projections/orders/verify", "").ok(200, &v)
	require.True(t, v.OK)
	require.Empty(t, v.Differences)
	s.models[0].report = projections.Report{Projection: "orders", Generation: 1, Position: 9, Rows: 2, Count: 1,
		Differences: []projections.Difference{{Key: "1", Column: "body.status", Live: `"placed"`, Folded: `"confirmed"`}}}
	s.post("/v1/projections/orders/verify", " {} ").ok(200, &v)
	require.Equal(t, v1.Verification{Name: "orders", Generation: 1, Position: 9, Rows: 2, Count: 1,
		Differences: []v1.Difference{{Key: "1", Column: "body.status", Live: `"placed"`, Folded: `"confirmed"`}}}, v)
}

func TestOperations_takeNoBody(t *testing.T) {
	s := newShop(t)
	for body, code := range map[string]string{`{"a":1}`: "unknown-key", `[]`: "not-an-object", `{`: "syntax"} {
		require.Equal(t, code, s.post("/v1/projections/orders/rebuild", body).problem(v1.InvalidJSON).Errors[0].Code)
	}
	s.do("POST", "/v1/projections/orders/rebuild", "{}", "Content-Type: text/plain").problem(v1.UnsupportedMediaType)
	require.False(t, s.models[0].running)
}

func TestConsumers_list(t *testing.T) {
	s := newShop(t)
	at := recorded
	s.consumers.statuses = []subscription.Status{{Name: "checkout", Kind: "reactor", Owner: "me", Epoch: 3, Position: 9, LeaseUntil: at, Heartbeat: at, Parked: 1}}
	var page v1.List[v1.Consumer]
	s.get("/v1/consumers").ok(200, &page)
	require.Equal(t, []v1.Consumer{{Name: "checkout", Kind: "reactor", Checkpoint: 9, Owner: "me", Epoch: 3, Parked: 1, LeaseUntil: &at, HeartbeatAt: &at}}, page.Items)
}

// TestLag_isCountedInEvents_andInTheAgeOfTheOldest: the head is 4, and each event is a minute younger than the one before.
func TestLag_isCountedInEvents_andInTheAgeOfTheOldest(t *testing.T) {
	s := newShop(t)
	s.api.Transports = []string{"amqp", "redis"}
	for position := range int64(4) {
		r := record(position+1, "order-1", position+1, "order.placed", "{}")
		r.RecordedAt = time.Now().Add(-time.Duration(4-position) * time.Minute)
		s.log.append(r)
	}
	s.consumers.statuses = []subscription.Status{
		{Name: "checkout", Kind: "reactor", Position: 4}, {Name: "mail", Kind: "reactor", Position: 2},
		{Name: "relay-amqp", Kind: "reactor", Position: 1, Owner: "me", Heartbeat: recorded, Error: "connection refused"},
		{Name: "relay-inprocess", Kind: "reactor"}} // of a transport that is not configured any more
	var consumers v1.List[v1.Consumer]
	s.get("/v1/consumers").ok(200, &consumers)
	require.Zero(t, consumers.Items[0].Lag)
	require.Zero(t, consumers.Items[0].LagSeconds)
	require.EqualValues(t, 2, consumers.Items[1].Lag)
	require.InDelta(t, 120, consumers.Items[1].LagSeconds, 30)
	require.Equal(t, "connection refused", consumers.Items[2].Error)

	var relays v1.List[v1.Relay]
	s.get("/v1/relays").ok(200, &relays)
	require.Len(t, relays.Items, 2)
	require.InDelta(t, 180, relays.Items[0].LagSeconds, 30)
	require.InDelta(t, 240, relays.Items[1].LagSeconds, 30)
	relays.Items[0].LagSeconds, relays.Items[1].LagSeconds = 0, 0
	at := recorded
	require.Equal(t, []v1.Relay{
		{Transport: "amqp", Consumer: "relay-amqp", Checkpoint: 1, Head: 4, Lag: 3, Owner: "me", HeartbeatAt: &at, Error: "connection refused"},
		{Transport: "redis", Consumer: "relay-redis", Head: 4, Lag: 4}, // it has never run
	}, relays.Items)
}

// The log has 2 events: it was restored. Redis says what it holds; RabbitMQ keeps nothing, but its relay knows how far it was.
func TestRelays_tellWhatWasPublishedThatTheLogHasNot(t *testing.T) {
	s := newShop(t)
	s.api.Transports = []string{"amqp", "inprocess", "redis"}
	s.api.Beyond = func(_ context.Context, transport string) (first, last int64, err error) {
		switch transport {
		case "redis":
			return 2, 9, nil
		case "inprocess":
			return 0, 0, errors.New("away")
		}
		return 0, 0, nil
	}
	for position := range int64(2) {
		s.log.append(record(position+1, "order-1", position+1, "order.placed", "{}"))
	}
	s.consumers.statuses = []subscription.Status{{Name: "relay-amqp", Kind: "reactor", Position: 5},
		{Name: "relay-inprocess", Kind: "reactor", Position: 2}, {Name: "relay-redis", Kind: "reactor", Position: 1}}
	var relays v1.List[v1.Relay]
	s.get("/v1/relays").ok(200, &relays)
	require.Equal(t, &v1.Beyond{First: 3, Last: 5, Events: 3, KnownBy: "checkpoint"}, relays.Items[0].Beyond)
	require.EqualValues(t, 2, relays.Items[0].Head)
	require.Nil(t, relays.Items[1].Beyond)
	require.Equal(t, &v1.Beyond{First: 2, Last: 9, Events: 8, KnownBy: "stream"}, relays.Items[2].Beyond)
}

// TestConsumers_retiredGenerations: what no query reads any more needs nobody's care, however old its heartbeat.
func TestConsumers_liveGenerationsAndThoseBeingBuilt_notRetiredOnes(t *testing.T) {
	s := newShop(t)
	s.models[1].next = 2
	for _, name := range []string{"orders.0", "orders.1", "orders.2", "payments.1", "payments.2", "products.1"} {
		s.consumers.statuses = append(s.consumers.statuses, subscription.Status{Name: name, Kind: "projector"})
	}
	s.consumers.statuses = append(s.consumers.statuses, subscription.Status{Name: "mail", Kind: "reactor"})
	var page v1.List[v1.Consumer]
	s.get("/v1/consumers").ok(200, &page)
	var names []string
	for _, c := range page.Items {
		names = append(names, c.Name)
	}
	require.Equal(t, []string{"mail", "orders.1", "payments.1", "payments.2"}, names)
}

// TestVerify_outlivesTheServersTimeout: comparing a long log takes longer than other answers may.
func TestVerify_outlivesTheServersTimeout(t *testing.T) {
	s := newShop(t)
	s.models[0].takes = 150 * time.Millisecond
	short := newServer(t, s, time.Minute, 50*time.Millisecond)
	response, err := short.Client().Post(short.URL+"/v1/projections/orders/verify", "", nil)
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
	require.NoError(t, response.Body.Close())
}

// A copy that does other work says so, whatever is asked for: a 404 would mean that an order does not exist.
func TestOperationsOnly_healthIsThere_theAPIIsElsewhere(t *testing.T) {
	s := newShop(t)
	config := s.api.Config
	config.OperationsOnly = true
	s.Config.Handler = api.New(config)
	for _, path := range []string{"/livez", "/readyz", "/docs", "/openapi.json", "/problems/not-served-here"} {
		require.Equal(t, 200, s.get(path).StatusCode, path)
	}
	for _, path := range []string{"/v1/orders", "/v1/orders/1", "/v1/projections", "/v1/unheard"} {
		answer := s.get(path)
		require.Equal(t, 421, answer.StatusCode, path)
		require.True(t, answer.problem(v1.NotServedHere).Retryable)
	}
	require.Equal(t, 421, s.post("/v1/messages", `{}`).StatusCode)
	require.Nil(t, s.desk.command)
	require.Equal(t, 404, s.get("/unheard").StatusCode)
}
