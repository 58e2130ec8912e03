package redisstream_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/internal/services"
	"ordermill/messaging"
	"ordermill/messaging/messagingtest"
	"ordermill/messaging/redisstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cursor is an inbox cursor in memory.
type cursor struct {
	mu sync.Mutex
	id string
}

func (c *cursor) Load(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id, nil
}

func (c *cursor) Save(_ context.Context, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = id
	return nil
}

// place is a prefix on a Redis.
type place struct {
	url, prefix string
	cursor      *cursor
	client      *redis.Client
}

func newPlace(t testing.TB, url string) place {
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return place{url, services.Prefix(t), &cursor{}, client}
}

func (p place) Open(t testing.TB) messaging.Transport {
	transport, err := redisstream.New(p.url, redisstream.Options{Prefix: p.prefix, Cursor: p.cursor})
	require.NoError(t, err)
	return transport
}

func (p place) Inject(t testing.TB, body []byte) {
	require.NoError(t, p.add(t, "events", "payload", body))
}

func (p place) Send(t testing.TB, body []byte) {
	require.NoError(t, p.add(t, "inbox", "payload", body))
}

func (p place) add(t testing.TB, topic string, values ...any) error {
	return p.client.XAdd(t.Context(), &redis.XAddArgs{Stream: p.prefix + ":" + topic, Values: values}).Err()
}

func (p place) Keep(t testing.TB) func() []int64 {
	return func() (positions []int64) {
		entries, err := p.client.XRange(t.Context(), p.prefix+":events", "-", "+").Result()
		require.NoError(t, err)
		for _, entry := range entries {
			left, _, _ := strings.Cut(entry.ID, "-")
			position, err := strconv.ParseInt(left, 10, 64)
			require.NoError(t, err)
			positions = append(positions, position)
		}
		return positions
	}
}

func target(url string) messagingtest.Target {
	return messagingtest.Target{
		Fresh:   func(t testing.TB) messagingtest.Names { return newPlace(t, url) },
		Replays: true, Letters: true, Outside: true,
	}
}

func TestTransport(t *testing.T) { messagingtest.Run(t, target(services.Redis(t))) }
