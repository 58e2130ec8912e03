package services

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"ordermill/internal/services/server"
)

// Environment variables, see the package comment. The node's is set by withservers beside the broker's URL.
const (
	PostgresURL  = "ORDERMILL_TEST_POSTGRES_URL"
	AMQPURL      = "ORDERMILL_TEST_AMQP_URL"
	AMQPNode     = "ORDERMILL_TEST_AMQP_NODE"
	RedisURL     = "ORDERMILL_TEST_REDIS_URL"
	EmbeddedOnly = "ORDERMILL_TEST_EMBEDDED"
)

// cleanupTimeout bounds what a test does with a server after it ended.
const cleanupTimeout = 30 * time.Second

// The servers this process started because no variable names one. They end with the process.
var (
	ownGroup    = sync.OnceValues(server.NewGroup)
	ownPostgres = sync.OnceValues(func() (string, error) {
		return started(func(g *server.Group) (*server.Server, error) { return g.Postgres(server.Quick()...) })
	})
	ownRedis = sync.OnceValues(func() (string, error) {
		return started(func(g *server.Group) (*server.Server, error) { return g.Redis() })
	})
	ownRabbitMQ = sync.OnceValues(func() (server.Node, error) {
		group, err := ownGroup()
		if err != nil {
			return server.Node{}, err
		}
		broker, err := group.RabbitMQ()
		if err != nil {
			return server.Node{}, err
		}
		return broker.Node, nil
	})
)

func started(start func(*server.Group) (*server.Server, error)) (string, error) {
	group, err := ownGroup()
	if err != nil {
		return "", err
	}
	s, err := start(group)
	if err != nil {
		return "", err
	}
	return s.URL, nil
}

// Need skips the test, by the name of what it needs, where there are no servers. Only a test that has its servers started by
// somebody else calls it.
func Need(t testing.TB, name string) {
	t.Helper()
	if os.Getenv(EmbeddedOnly) != "" {
		t.Skipf("needs %s, and %s is set", name, EmbeddedOnly)
	}
}

// Postgres returns the URL, with a superuser, of a new empty database that is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	Need(t, "PostgreSQL")
	base, err := os.Getenv(PostgresURL), error(nil)
	if base == "" {
		base, err = ownPostgres()
	}
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	name := Prefix(t)
	execute(t, t.Context(), base, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
		defer cancel()
		execute(t, ctx, base, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return withPath(t, base, name)
}

func execute(t testing.TB, ctx context.Context, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("PostgreSQL for tests: %s: %v", sql, err)
	}
}

// AMQP returns the URL of a new virtual host, which ends with the broker; of the shared one on a broker of your own.
func AMQP(t testing.TB) string {
	t.Helper()
	Need(t, "RabbitMQ")
	node, err := amqpNode()
	if err != nil {
		t.Fatalf("RabbitMQ for tests: %v", err)
	}
	if node == (server.Node{}) {
		return os.Getenv(AMQPURL)
	}
	address, err := node.AddVirtualHost(Prefix(t))
	if err != nil {
		t.Fatalf("RabbitMQ for tests: %v", err)
	}
	return address
}

// amqpNode returns the broker we may administrate, the zero Node if there is only a URL.
func amqpNode() (server.Node, error) {
	if packed := os.Getenv(AMQPNode); packed != "" {
		return server.ParseNode(packed)
	}
	if os.Getenv(AMQPURL) != "" {
		return server.Node{}, nil
	}
	return ownRabbitMQ()
}

// Redis returns the URL of an empty logical database. FLUSHALL, and whatever else reaches beyond one database, needs
// [StartRedis].
func Redis(t testing.TB) string {
	t.Helper()
	Need(t, "Redis")
	base, err := os.Getenv(RedisURL), error(nil)
	if base == "" {
		base, err = ownRedis()
	}
	if err != nil {
		t.Fatalf("Redis for tests: %v", err)
	}
	options, err := redis.ParseURL(base)
	if err != nil {
		t.Fatalf("%s: %v", RedisURL, err)
	}
	first := redis.NewClient(options)
	defer first.Close()
	number, err := nextDatabase(t.Context(), first)
	if err != nil {
		t.Fatalf("Redis for tests: %v", err)
	}
	chosen := *options
	chosen.DB = number
	flush := func(ctx context.Context) error {
		client := redis.NewClient(&chosen)
		defer client.Close()
		return client.FlushDB(ctx).Err()
	}
	if err := flush(t.Context()); err != nil {
		t.Fatalf("Redis for tests: %v", err)
	}
	return withPath(t, base, fmt.Sprint(number))
}

// nextDatabase hands out the logical databases in turn, across processes; database 0 keeps the count.
func nextDatabase(ctx context.Context, client *redis.Client) (int, error) {
	settings, err := client.ConfigGet(ctx, "databases").Result()
	if err != nil {
		return 0, err
	}
	var databases int64
	if _, err := fmt.Sscan(settings["databases"], &databases); err != nil || databases < 2 {
		return 0, fmt.Errorf("tests need at least two logical databases, the server has %q", settings["databases"])
	}
	turn, err := client.Incr(ctx, "ordermill:test:databases").Result()
	if err != nil {
		return 0, err
	}
	return int(1 + turn%(databases-1)), nil
}

// Prefix returns a name no other test has, for schemas, exchanges, queues and keys: the test's own name cut to 20
// characters of [a-z0-9_], and eight random ones. It begins with a letter.
func Prefix(t testing.TB) string {
	t.Helper()
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(strings.TrimPrefix(t.Name(), "Test")))
	random := make([]byte, 4)
	rand.Read(random)
	return "t_" + letters[:min(len(letters), 20)] + "_" + hex.EncodeToString(random)
}

func withPath(t testing.TB, base, path string) string {
	t.Helper()
	address, err := url.Parse(base)
	if err != nil {
		t.Fatalf("the URL of a test server: %v", err)
	}
	address.Path = "/" + path
	return address.String()
}
