package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/eventstore/subscription"
)

func TestMessages_post_isAnsweredAsDecided(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.MessageResult{MessageID: "0190-m", Status: "duplicate", Result: json.RawMessage(`{"order_id":"1"}`)}
	s.desk.position = 3
	const letter = `{"event_type":"order.created", "payload":{"any":1.5}}`
	var body v1.MessageAccepted
	answer := s.post("/v1/messages", letter)
	answer.ok(202, &body)
	require.Equal(t, "/v1/messages/0190-m", answer.Header.Get("Location"))
	require.Equal(t, "3", answer.Header.Get("X-Position"))
	require.Equal(t, v1.MessageAccepted{MessageID: "0190-m", Status: "duplicate", Result: json.RawMessage(`{"order_id":"1"}`)}, body)
	require.Equal(t, letter, s.desk.command, "the desk gets the letter byte for byte")
}

func TestMessage_tellsWhoHasHandledItsEvents(t *testing.T) {
	s := newShop(t)
	s.log.append(someEvents(1, 5)...)
	s.letters.all = []app.Message{{MessageID: "m1", EventType: "order.created", Status: "processed", Source: "amqp", SenderID: "x",
		Result: json.RawMessage(`{"order_id":"1"}`), ReceivedAt: recorded, Events: []int64{2, 3}}}
	s.consumers.statuses = []subscription.Status{
		{Name: "checkout", Kind: "reactor", Position: 5}, {Name: "mail", Kind: "reactor", Position: 2},
		{Name: "relay-amqp", Kind: "reactor", Position: 2}, {Name: "relay-redis", Kind: "reactor", Position: 9},
		{Name: "orders.1", Kind: "projector", Position: 5}, {Name: "orders.2", Kind: "projector", Position: 1}, // 2 is being built
		{Name: "payments.1", Kind: "projector", Position: 5},
	}
	s.consumers.handled = map[string]subscription.Handling{
		"checkout": {Status: "handled", Attempts: 1, At: recorded}, "mail": {Status: "handled", Attempts: 1},
		"orders.1": {Status: "parked", Attempts: 4, Error: "cannot fold"}, "payments.1": {Status: "handled", Attempts: 1},
	}
	var m v1.Message
	s.get("/v1/messages/m1").ok(200, &m)
	require.Equal(t, "amqp", m.Source)
	require.Len(t, m.Events, 2)
	first, second := m.Events[0], m.Events[1]
	require.Equal(t, int64(2), first.Position)
	require.Equal(t, "inventory-A", first.Stream)
	require.Equal(t, map[string]bool{"amqp": true, "redis": true}, first.Published)
	require.Equal(t, map[string]bool{"amqp": false, "redis": true}, second.Published)
	at := recorded
	require.Equal(t, []v1.Handled{
		{Consumer: "checkout", Status: "handled", Attempts: 1, At: &at},
		{Consumer: "mail", Status: "pending"},
		{Consumer: "orders", Status: "parked", Attempts: 4, Error: "cannot fold"},
		{Consumer: "payments", Status: "handled", Attempts: 1},
	}, second.Handled)
	s.get("/v1/messages/other").problem(v1.NotFound)
}

func TestMessages_newestFirst_pageByPage(t *testing.T) {
	s := newShop(t)
	for _, id := range []string{"a", "b", "c"} {
		s.letters.all = append(s.letters.all, app.Message{MessageID: id, Status: "failed", ReceivedAt: recorded, Problem: json.RawMessage(`{"code":"invalid-json"}`)})
	}
	var page v1.List[v1.Message]
	s.get("/v1/messages?limit=2").ok(200, &page)
	require.Equal(t, []string{"c", "b"}, []string{page.Items[0].MessageID, page.Items[1].MessageID})
	require.NotNil(t, page.Items[0].Events)
	require.JSONEq(t, `{"code":"invalid-json"}`, string(page.Items[0].Problem))
	next := *page.NextCursor
	s.get("/v1/messages?limit=2&cursor="+next).ok(200, &page)
	require.Len(t, page.Items, 1)
	require.Nil(t, page.NextCursor)
	s.get("/v1/mailbox?cursor=" + next).problem(v1.InvalidParameter)
}

func TestMailbox(t *testing.T) {
	s := newShop(t)
	s.mails.all = []app.Mail{{MessageID: "1", OrderID: "o", Subject: "Confirmed", Text: "Yes", SentAt: recorded}, {MessageID: "2", SentAt: recorded}}
	var page v1.List[v1.Mail]
	answer := s.get("/v1/mailbox?limit=1")
	answer.ok(200, &page)
	at := recorded
	require.Equal(t, []v1.Mail{{MessageID: "1", OrderID: "o", Subject: "Confirmed", Text: "Yes", SentAt: &at}}, page.Items)
	require.Contains(t, answer.text, `"to":""`, "empty, not missing, while no contact is known")
	require.NotNil(t, page.NextCursor)
}

func TestPreferWait_answersOnceTheCheckoutHasSettled(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.MessageResult{MessageID: "m", Status: "processed"}
	s.desk.position = 2
	looks := 0
	s.consumers.statuses = []subscription.Status{{Name: "checkout", Kind: "reactor", Position: 1}}
	s.consumers.looked = func() {
		if looks++; looks == 3 {
			s.consumers.statuses = []subscription.Status{{Name: "checkout", Kind: "reactor", Position: 2}}
		}
	}
	answer := s.post("/v1/messages", "{}", "Prefer: respond-async, wait=99")
	require.Equal(t, 202, answer.StatusCode)
	require.Equal(t, "wait=10", answer.Header.Get("Preference-Applied"))
	require.Equal(t, 3, looks)
}

func TestPreferWait_notInTime_isAnsweredAllTheSame(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.MessageResult{MessageID: "m", Status: "processed"}
	s.desk.position = 2
	begun := time.Now()
	answer := s.post("/v1/messages", "{}", "Prefer: wait=1")
	require.Equal(t, 202, answer.StatusCode)
	require.Empty(t, answer.Header.Get("Preference-Applied"))
	require.GreaterOrEqual(t, time.Since(begun), time.Second)
	for _, ignored := range []string{"wait=", "wait=-1", "wait=1.5", "await=1", "wait=0", "return=minimal"} {
		begun = time.Now()
		require.Equal(t, 202, s.post("/v1/messages", "{}", "Prefer: "+ignored).StatusCode)
		require.Less(t, time.Since(begun), time.Second/2, ignored)
	}
}
