// Bench measures the log against what a plain table costs, and the relays and the way to a row against bare clients, and prints a
// table of ratios. Each ratio is of two contenders on the same machine, database server and disk, in rounds that take turns; the
// median and the lowest and highest ratio of the rounds are shown. `make bench` takes at most twelve minutes; with FULL=1 more and
// longer rounds give the README's figures, and ONLY="Postgres, 64" runs just the cases with that in their name.
//
// Nothing is tuned for either side: the PostgreSQL server has its default settings (only more connections), durable, and the
// baseline has the pool size with which it is fastest.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"ordermill/internal/services/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	budget
	group     *server.Group // of all servers; brokers are started by who measures them
	postgres  string        // URL of the server
	databases int           // made so far
}

func run(ctx context.Context) error {
	group, err := server.NewGroup()
	if err != nil {
		return err
	}
	defer group.Close()
	postgres, err := group.Postgres()
	if err != nil {
		return err
	}
	b := &bench{budget: short, group: group, postgres: postgres.URL}
	if os.Getenv("FULL") != "" {
		b.budget = full
	}
	if err := b.describe(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	begin := time.Now()
	fmt.Print(heading())
	only := os.Getenv("ONLY")
	for _, c := range b.cases() {
		if !strings.Contains(c.name, only) {
			continue
		}
		if err := c.measure(ctx); err != nil {
			return err
		}
	}
	fmt.Printf("took %.0f s\n", time.Since(begin).Seconds())
	return nil
}

// measurement is one case; its name is what ONLY is looked for in.
type measurement struct {
	name    string
	measure func(context.Context) error
}

func (b *bench) cases() []measurement {
	onPostgres := func(callers int, want bound) measurement {
		name := fmt.Sprintf("append, Postgres, %d callers", callers)
		return measurement{name, func(ctx context.Context) error { return b.appendPostgres(ctx, name, callers, want) }}
	}
	onSQLite := func(callers int, want bound) measurement {
		name := fmt.Sprintf("append, SQLite, %d callers", callers)
		return measurement{name, func(ctx context.Context) error { return b.appendSQLite(ctx, name, callers, want) }}
	}
	whole := func(name string, measure func(context.Context, string) error) measurement {
		return measurement{name, func(ctx context.Context) error { return measure(ctx, name) }}
	}
	return []measurement{
		onPostgres(1, bound{atMost: true, must: 2, aim: 1.3}),
		onPostgres(16, bound{must: 0.8, aim: 1}),
		onPostgres(64, bound{must: 1.5, aim: 2.5}),
		onPostgres(256, bound{must: 2, aim: 4}),
		onSQLite(64, bound{must: 3, aim: 10}),
		{"one hot SKU, and rebuild from the log it leaves", func(ctx context.Context) error {
			left, err := b.hotSKU(ctx, bound{must: 0.7})
			if left != nil {
				defer left.close()
			}
			if err != nil {
				return err
			}
			return b.rebuild(ctx, left)
		}},
		whole("whole checkouts, SQLite", b.checkoutsSQLite),
		whole("whole checkouts, Postgres", b.checkoutsPostgres),
		whole(fmt.Sprintf("lag of the checkout, Postgres, %d buyers", buyers), b.lagPostgres),
		whole("relay to RabbitMQ, confirmed", b.relayRabbitMQ),
		whole("relay to Redis, pipelined", b.relayRedis),
		whole("from the answer to the row, RabbitMQ", b.rowByRabbitMQ),
		whole("from the answer to the row, Redis", b.rowByRedis),
		whole("load of a stream, Postgres", b.loadPostgres),
		whole("load of a stream, SQLite", b.loadSQLite),
		whole("one projector drains a backlog, Postgres", b.backlog),
		whole("commands, Postgres, RabbitMQ and Redis", b.copies),
	}
}

func (b *bench) print(l line) { fmt.Print(l) }

// describe prints what the figures depend on.
func (b *bench) describe(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.postgres)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var version, fsync, commit string
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')`).
		Scan(&version, &fsync, &commit); err != nil {
		return err
	}
	fmt.Printf("%s, %d cores, %s/%s; PostgreSQL %s with fsync %s, synchronous_commit %s, on this machine\n%d rounds of %v for each side\n\n",
		runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, version, fsync, commit, b.rounds, b.round)
	return nil
}

// newDatabase makes an empty database on the server: no benchmark meets the table that another one left.
func (b *bench) newDatabase(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, b.postgres)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	b.databases++
	name := fmt.Sprintf("bench_%d", b.databases)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	address, err := url.Parse(b.postgres)
	if err != nil {
		return "", err
	}
	address.Path = "/" + name
	return address.String(), nil
}
