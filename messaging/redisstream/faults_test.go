package redisstream_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
	"ordermill/messaging/messagingtest"
)

func TestTransport_brokerFaults(t *testing.T) {
	server := services.StartRedis(t)
	target := target(server.URL)
	target.Full = func(t testing.TB) func() {
		client := newPlace(t, server.URL).client
		limit := func(bytes string) {
			require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", bytes).Err())
		}
		limit("1")
		return func() { limit("0") }
	}
	target.Damages = map[string]func(testing.TB, messagingtest.Names){
		"eventsStreamDeleted": func(t testing.TB, names messagingtest.Names) { names.(place).delete(t, "events") },
		"inboxStreamDeleted":  func(t testing.TB, names messagingtest.Names) { names.(place).delete(t, "inbox") },
		"everythingFlushed": func(t testing.TB, names messagingtest.Names) {
			require.NoError(t, names.(place).client.FlushAll(t.Context()).Err())
		},
		"foreignEntryOnTop": func(t testing.TB, names messagingtest.Names) { // it is read, removed, and its id far above ours
			names.Inject(t, []byte("junk"))
		},
	}
	messagingtest.RunFaults(t, target, server)
}

func (p place) delete(t testing.TB, topic string) {
	require.NoError(t, p.client.Del(t.Context(), p.prefix+":"+topic).Err())
}
