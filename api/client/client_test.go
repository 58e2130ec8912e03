package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
)

func server(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	c := client.New(s.URL + "/")
	t.Cleanup(c.Close)
	return c
}

func TestSend_carriesBytesAndOptions_readsHeaders(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		require.Equal(t, `{"event_type": "x"}`, string(body))
		require.Equal(t, "POST /v1/messages", r.Method+" "+r.URL.Path)
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, `"a\"b"`, r.Header.Get("Idempotency-Key"))
		require.Equal(t, "wait=5", r.Header.Get("Prefer"))
		w.Header().Set("X-Position", "7")
		w.Header().Set("Location", "/v1/messages/m")
		w.Header().Set("Idempotency-Replayed", "true")
		w.WriteHeader(202)
		fmt.Fprint(w, `{"message_id":"m","status":"processed","result":null}`)
	})
	answer, err := c.Send(context.Background(), []byte(`{"event_type": "x"}`), client.Key(`a"b`), client.Wait(5))
	require.NoError(t, err)
	require.Equal(t, "m", answer.Body.MessageID)
	require.Equal(t, int64(7), answer.Position)
	require.Equal(t, "/v1/messages/m", answer.Location)
	require.Equal(t, 202, answer.Status)
	require.True(t, answer.Replayed)
}

func TestSendLines_tellsWhatTheyAre_readsEachOutcome(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		require.Equal(t, "{}\n{}\n", string(body))
		require.Equal(t, "application/x-ndjson", r.Header.Get("Content-Type"))
		require.Equal(t, "wait=2", r.Header.Get("Prefer"))
		fmt.Fprint(w, `{"items":[{"line":1,"message_id":"m","status":"processed","result":{"n":1}},{"line":2,"status":"failed","problem":{"code":"x","title":"T"}}]}`)
	})
	answer, err := c.SendLines(context.Background(), []byte("{}\n{}\n"), client.Wait(2))
	require.NoError(t, err)
	require.Equal(t, "m", answer.Body.Items[0].MessageID)
	require.Nil(t, answer.Body.Items[0].Problem)
	require.EqualError(t, answer.Body.Items[1].Problem, "T")
}

func TestProblems_areTypedErrors(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", v1.ProblemMediaType)
		w.WriteHeader(409)
		fmt.Fprint(w, `{"type":"/problems/x","title":"T","status":409,"detail":"d","code":"x","retryable":true,"errors":[{"pointer":"/a","code":"c","detail":"e"}],"shortages":[1]}`)
	})
	_, err := c.Order(context.Background(), "1")
	var p *v1.Problem
	require.ErrorAs(t, err, &p)
	require.Equal(t, "x", p.Code)
	require.True(t, p.Retryable)
	require.Equal(t, "/a", p.Errors[0].Pointer)
	require.Equal(t, map[string]any{"shortages": []any{1.0}}, p.Extra)
	require.EqualError(t, err, "T: d")
}

func TestAnswers_ofSomethingElse_areErrors(t *testing.T) {
	for _, handler := range []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(502); fmt.Fprint(w, "<html>") },
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") },
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "9")
			fmt.Fprint(w, "{}")
		},
	} {
		_, err := server(t, handler).Order(context.Background(), "1")
		require.Error(t, err)
		require.False(t, errors.As(err, new(*v1.Problem)))
	}
}

func TestLists_passLimitAndCursor(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "cursor=a%2Bb&limit=2", r.URL.RawQuery)
		fmt.Fprint(w, `{"items":[{"order_id":"1"}],"next_cursor":"n"}`)
	})
	page, err := c.Orders(context.Background(), 2, "a+b")
	require.NoError(t, err)
	require.Equal(t, "n", *page.NextCursor)
	require.Equal(t, "1", page.Items[0].OrderID)
}

// brief serves an event stream that breaks after two events, and notes where each reader began.
func brief(begun *[]string, last int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*begun = append(*begun, r.Header.Get("Last-Event-ID"))
		var after int64
		fmt.Sscan(r.Header.Get("Last-Event-ID"), &after)
		fmt.Fprint(w, ": ping\n\n")
		for p := after + 1; p <= min(after+2, last); p++ {
			data, _ := json.Marshal(v1.Event{Position: p, Type: "order.placed"})
			fmt.Fprintf(w, "id: %d\ndata: %s\n\n", p, data)
		}
		fmt.Fprint(w, "id: 99\ndata: {\"posi") // half an event, then nothing
	}
}

func TestTail_resumesAfterTheLastHandledEvent(t *testing.T) {
	var begun []string
	c := server(t, brief(&begun, 5))
	enough := errors.New("enough")
	var seen []int64
	err := c.Tail(context.Background(), client.Filter{}, func(e v1.Event) error {
		if seen = append(seen, e.Position); e.Position == 5 {
			return enough
		}
		return nil
	})
	require.Equal(t, enough, err)
	require.Equal(t, []int64{1, 2, 3, 4, 5}, seen)
	require.Equal(t, []string{"", "2", "4"}, begun)
}

func TestTail_wrongRequest_ends(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "after=3&stream=order-1&types=a%2Cb", r.URL.RawQuery)
		w.Header().Set("Content-Type", v1.ProblemMediaType)
		w.WriteHeader(400)
		fmt.Fprint(w, `{"status":400,"code":"invalid-parameter"}`)
	})
	err := c.Tail(context.Background(), client.Filter{After: 3, Types: []string{"a", "b"}, Stream: "order-1"}, nil)
	var p *v1.Problem
	require.ErrorAs(t, err, &p)
}

func TestTail_endsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	require.ErrorIs(t, c.Tail(ctx, client.Filter{}, nil), context.Canceled)
}
