package redisstream

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"ordermill/messaging"
)

func TestInbound_saysThatPayloadIsMissing_onlyIfItIs(t *testing.T) {
	in := inbound(redis.XMessage{ID: "1-1", Values: map[string]any{"payload": `{}`, "colour": "blue"}})
	require.Equal(t, messaging.Inbound{Source: "redis", Ref: "1-1", Body: []byte(`{}`)}, in)
	in = inbound(redis.XMessage{ID: "1-2", Values: map[string]any{"paylod": `{}`}})
	require.Contains(t, in.Amiss, "field payload is missing")
	require.JSONEq(t, `{"paylod":"{}"}`, string(in.Body))
}
