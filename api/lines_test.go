package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/eventstore"
)

func (s *shop) lines(body string, header ...string) answered {
	return s.do("POST", "/v1/messages", body, append(header, "Content-Type: application/x-ndjson")...)
}

// echo accepts every letter but those that say "bad", and remembers their order.
func (s *shop) echo() *[]string {
	var seen []string
	s.desk.each = func(letter string) (app.MessageResult, error) {
		seen = append(seen, letter)
		if strings.Contains(letter, "bad") {
			return app.MessageResult{}, &decider.Refusal{Code: "invalid-json", Detail: "no"}
		}
		return app.MessageResult{MessageID: fmt.Sprintf("m%d", len(seen)), Status: "processed", Result: json.RawMessage(`{"n":1}`)}, nil
	}
	return &seen
}

func TestLines_eachIsDecidedForItself_inTheirOrder(t *testing.T) {
	s := newShop(t)
	s.desk.position = 9
	seen := s.echo()
	var got v1.MessagesAccepted
	answer := s.lines("{\"a\":1}\r\n\n \t\n{\"a\":\"bad\"}\n{\"a\":3}")
	answer.ok(202, &got)
	require.Equal(t, []string{`{"a":1}`, `{"a":"bad"}`, `{"a":3}`}, *seen)
	require.Len(t, got.Items, 3)
	require.Equal(t, v1.LineAccepted{Line: 1, MessageID: "m1", Status: "processed", Result: json.RawMessage(`{"n":1}`)}, got.Items[0])
	refused := got.Items[1]
	require.Equal(t, 4, refused.Line, "blank lines count")
	require.Equal(t, "failed", refused.Status)
	require.Empty(t, refused.MessageID)
	require.Equal(t, v1.InvalidJSON, refused.Problem.Code)
	require.Equal(t, 400, refused.Problem.Status)
	require.Equal(t, "m3", got.Items[2].MessageID)
	require.Equal(t, "9", answer.Header.Get("X-Position"))
	require.Equal(t, "/v1/messages", answer.Header.Get("Location"))
	fits(t, s.description().Paths.Find("/v1/messages").Post.Responses.Value("202").Value.Content["application/json"], answer)
}

func TestLines_nothingReadable_is400(t *testing.T) {
	s := newShop(t)
	seen := s.echo()
	for body, code := range map[string]string{"": "empty", "\n \r\n": "empty", "hello\nworld": "syntax", "[]\n1": "not-an-object", "\ufeff{}": "byte-order-mark"} {
		answer := s.lines(body)
		require.Equal(t, 400, answer.StatusCode, "%q", body)
		require.Equal(t, code, answer.problem(v1.InvalidJSON).Errors[0].Code, "%q", body)
	}
	require.Empty(t, *seen)
}

func TestLines_limits(t *testing.T) {
	s := newShop(t)
	seen := s.echo()
	full := strings.Repeat("{}\n", 1000)
	require.Equal(t, 202, s.lines(full).StatusCode)
	require.Len(t, *seen, 1000)
	answer := s.lines(full + "{}")
	require.Equal(t, 422, answer.StatusCode)
	require.Equal(t, "too-many", answer.problem(v1.ValidationFailed).Errors[0].Code)
	require.Equal(t, 413, s.lines(strings.Repeat("\n", 1<<20)+"{}").StatusCode)
	require.Len(t, *seen, 1000)
}

func TestLines_sameKeyAgain_sameBytes(t *testing.T) {
	s := newShop(t)
	seen := s.echo()
	const body = "{}\n{\"a\":\"bad\"}"
	first := s.lines(body, "Idempotency-Key: k")
	require.Equal(t, "anonymous POST /v1/messages", s.desk.call.Key.Scope)
	require.Contains(t, s.desk.kept, "anonymous POST /v1/messages line 1\nk", "a request that broke off is taken up line by line")
	again := s.lines(body, "Idempotency-Key: k")
	require.Equal(t, first.text, again.text)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.Len(t, *seen, 2)
}

func TestLines_storeAway_endsTheRequest(t *testing.T) {
	s := newShop(t)
	calls := 0
	s.desk.each = func(string) (app.MessageResult, error) {
		if calls++; calls == 2 {
			return app.MessageResult{}, eventstore.ErrUnavailable
		}
		return app.MessageResult{MessageID: "m", Status: "processed"}, nil
	}
	answer := s.lines("{}\n{}\n{}")
	require.Equal(t, 503, answer.StatusCode)
	answer.problem(v1.StoreUnavailable)
	require.Equal(t, 2, calls, "the rest was not tried")
}
