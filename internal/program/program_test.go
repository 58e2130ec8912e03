package program_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/eventstore/sqlite"
	"ordermill/internal/program"
	"ordermill/internal/services"
	"ordermill/projections"
)

func config() program.Config {
	return program.Config{Addr: "127.0.0.1:0", Demo: true, Log: slog.New(slog.DiscardHandler)}
}

func stop(t *testing.T, p *program.Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, p.Stop(ctx))
}

func TestStartAndStop_leaveNoGoroutine(t *testing.T) {
	for name, store := range map[string]func(t *testing.T) program.Config{
		"SQLite": func(t *testing.T) program.Config { c := config(); c.Data = t.TempDir(); return c },
		"Postgres, AMQP and Redis": func(t *testing.T) program.Config {
			c := config()
			c.Store, c.AMQP, c.Redis, c.Migrate = services.Postgres(t), services.AMQP(t), services.Redis(t), true
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := store(t)
			before := goleak.IgnoreCurrent()
			p, err := program.Start(t.Context(), c)
			require.NoError(t, err)
			shop := client.New(p.URL())
			require.Eventually(t, func() bool { return shop.Ready(t.Context()) == nil }, 20*time.Second, 10*time.Millisecond)
			_, err = shop.Send(t.Context(), []byte(`{"event_type":"order.created","payload":{"order_id":"1","items":[{"name":"Kite","quantity":1}]}}`))
			require.NoError(t, err)
			shop.Close()
			stop(t, p)
			require.NoError(t, p.Wait())
			stop(t, p) // again is nothing
			goleak.VerifyNone(t, before)
		})
	}
}

func TestAsyncAPI_tellsTheShopsOwnNamesAndBrokers(t *testing.T) {
	c := config()
	c.Memory, c.Name, c.Redis = true, "toys", "redis://:secret@127.0.0.1:1/0" // nobody is there, and the shop opens
	p, err := program.Start(t.Context(), c)
	require.NoError(t, err)
	defer stop(t, p)
	answer, err := http.Get(p.URL() + "/asyncapi.json")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	var d struct {
		Info     struct{ Version string }
		Channels map[string]struct{ Address string }
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&d))
	require.Equal(t, app.Version(), d.Info.Version)
	require.Equal(t, map[string]struct{ Address string }{"redis.events": {"toys:events"}, "redis.inbox": {"toys:inbox"}}, d.Channels)
}

func TestStart_refused_leavesNothingBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	unmigrated := t.TempDir()
	for name, change := range map[string]func(*program.Config){
		"address taken":      func(c *program.Config) { c.Memory, c.Addr = true, taken.Addr().String() },
		"store of no kind":   func(c *program.Config) { c.Store = "mysql://x" },
		"folder is a file":   func(c *program.Config) { c.Data = file },
		"Postgres away":      func(c *program.Config) { c.Store = "postgres://127.0.0.1:1/x" },
		"store not migrated": func(c *program.Config) { c.Store = "sqlite://" + unmigrated },
		"AMQP URL":           func(c *program.Config) { c.Memory, c.AMQP = true, "http://x" },
		"Redis URL":          func(c *program.Config) { c.Memory, c.Redis = true, "http://x" },
	} {
		t.Run(name, func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			before := goleak.IgnoreCurrent()
			c := config()
			change(&c)
			_, err := program.Start(t.Context(), c)
			require.Error(t, err)
			left, err := os.ReadDir(temp)
			require.NoError(t, err)
			require.Empty(t, left)
			goleak.VerifyNone(t, before)
		})
	}
}

// Errors of a start go to the process's log.
func TestStart_brokersURLMakesNoSense_itsPasswordIsNotTold(t *testing.T) {
	for _, rest := range []string{"user:secret%@host/", "user:secret@host:port/", "user:pass/secret@host", "user:pass?secret=1@host", "user:secret@host/%"} {
		for name, c := range map[string]program.Config{"RabbitMQ": {AMQP: "amqp://" + rest}, "Redis": {Redis: "redis://" + rest}} {
			c.Memory, c.Addr, c.Log = true, "127.0.0.1:0", slog.New(slog.DiscardHandler)
			p, err := program.Start(t.Context(), c)
			if err == nil { // one of both parsers may make sense of it
				stop(t, p)
				continue
			}
			require.ErrorContains(t, err, "the "+name+" URL is not like")
			require.NotContains(t, err.Error(), "secret", rest)
		}
	}
}

func TestStart_sameFolderTwice_isRefused(t *testing.T) {
	c := config()
	c.Data = t.TempDir()
	first, err := program.Start(t.Context(), c)
	require.NoError(t, err)
	_, err = program.Start(t.Context(), c)
	require.ErrorIs(t, err, sqlite.ErrInUse)
	stop(t, first)
	again, err := program.Start(t.Context(), c)
	require.NoError(t, err)
	stop(t, again)
}

// Mail and provider begin at the log's head: a program that served before they stand there could pass a first order by.
func TestStart_effectsCannotEnrol_isRefused(t *testing.T) {
	for _, name := range []string{"mail", "provider"} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			c := config()
			c.Data, c.Drain = t.TempDir(), time.Hour // nobody is served yet, so nobody is waited for
			c.Addr = freeAddress(t)
			require.NoError(t, sqlite.Migrate(t.Context(), c.Data))
			db, err := sql.Open("sqlite", filepath.Join(c.Data, "log.db"))
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), `CREATE TRIGGER away BEFORE INSERT ON consumers WHEN NEW.name = '`+name+`'
				BEGIN SELECT RAISE(ABORT, 'not now'); END`)
			require.NoError(t, err)
			require.NoError(t, db.Close())
			_, err = program.Start(t.Context(), c)
			require.ErrorContains(t, err, "enrol "+name)
			free, err := net.Listen("tcp", c.Addr)
			require.NoError(t, err, "the address is given back")
			require.NoError(t, free.Close())
			goleak.VerifyNone(t, before)
		})
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestMemory_folderIsRemovedAtTheEnd(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	c := config()
	c.Memory = true
	p, err := program.Start(t.Context(), c)
	require.NoError(t, err)
	made, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Len(t, made, 1)
	stop(t, p)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestStop_takesNoMoreRequests(t *testing.T) {
	c := config()
	c.Memory = true
	p, err := program.Start(t.Context(), c)
	require.NoError(t, err)
	stop(t, p)
	_, err = http.Get(p.URL() + "/livez")
	require.Error(t, err)
}

func TestWaitFor_returnsWhenTheReadModelHoldsThePosition(t *testing.T) {
	c := config()
	c.Data = t.TempDir()
	p, err := program.Start(t.Context(), c)
	require.NoError(t, err)
	defer stop(t, p)
	shop := client.New(p.URL())
	defer shop.Close()
	require.NoError(t, p.WaitFor(t.Context(), "products", 1), "the first generation is being built")
	products, err := shop.Products(t.Context(), 1, "")
	require.NoError(t, err)
	answer, err := shop.PlaceOrder(t.Context(), v1.PlaceOrder{Items: []v1.PlaceItem{{SKU: products.Items[0].SKU, Quantity: 1}}})
	require.NoError(t, err)

	require.NoError(t, p.WaitFor(t.Context(), "orders", answer.Position))
	_, err = shop.Order(t.Context(), answer.Body.OrderID)
	require.NoError(t, err, "the row is there, without min_position")

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.WaitFor(short, "orders", answer.Position+1000), context.DeadlineExceeded, "the log does not reach so far")
	require.ErrorIs(t, p.WaitFor(t.Context(), "nothing", 1), projections.ErrUnknownProjection)
}
