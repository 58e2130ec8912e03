package transfer_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/internal/program"
	"ordermill/internal/services"
	"ordermill/internal/transfer"
)

// place is a store by its configuration: it need not be there yet.
type place struct {
	t      *testing.T
	config program.Config
}

// database is what both drivers' databases have in common.
type database interface {
	Driver() eventstore.Driver
	Durable() (write, read *sql.DB)
	Close() error
}

func folder(t *testing.T) place { return place{t, program.Config{Data: t.TempDir()}} }

func server(t *testing.T) place {
	return place{t, program.Config{Store: services.Postgres(t), Name: "shop"}}
}

// everywhere runs a test once for each database that the shop may move to.
func everywhere(t *testing.T, test func(t *testing.T, to place)) {
	t.Run("to SQLite", func(t *testing.T) { test(t, folder(t)) })
	t.Run("to Postgres", func(t *testing.T) { test(t, server(t)) })
}

func (p place) migrate() place {
	p.t.Helper()
	url := p.config.Store
	if url == "" {
		url = "sqlite://" + p.config.Data
	}
	require.NoError(p.t, program.Migrate(p.t.Context(), program.Migration{Store: url, Name: p.config.Name}))
	return p
}

// with works on the open store.
func (p place) with(work func(database)) {
	p.t.Helper()
	var db database
	var err error
	if p.config.Store == "" {
		db, err = sqlite.Open(p.t.Context(), p.config.Data, sqlite.Options{})
	} else {
		db, err = postgres.Open(p.t.Context(), p.config.Store, postgres.Options{Name: p.config.Name})
	}
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, db.Close()) }()
	defer func() { require.NoError(p.t, db.Driver().Close()) }()
	work(db)
}

func (p place) exec(statements ...string) {
	p.t.Helper()
	p.with(func(db database) {
		durable, _ := db.Durable()
		for _, statement := range statements {
			_, err := durable.ExecContext(p.t.Context(), statement)
			require.NoError(p.t, err, statement)
		}
	})
}

func (p place) value(query string) (value any) {
	p.t.Helper()
	p.with(func(db database) {
		durable, _ := db.Durable()
		require.NoError(p.t, durable.QueryRowContext(p.t.Context(), query).Scan(&value))
	})
	return value
}

func (p place) export() []byte {
	p.t.Helper()
	var out bytes.Buffer
	_, err := program.Export(p.t.Context(), p.config, &out)
	require.NoError(p.t, err)
	return out.Bytes()
}

func (p place) take(file []byte) error { return p.takeFrom(bytes.NewReader(file)) }

func (p place) takeFrom(file io.Reader) error {
	_, err := program.Import(p.t.Context(), p.config, file)
	return err
}

// unfinished is what a start of the program would be told.
func (p place) unfinished() (err error) {
	p.t.Helper()
	p.with(func(db database) {
		durable, _ := db.Durable()
		err = transfer.Unfinished(context.Background(), durable)
	})
	return err
}

var quietly = slog.New(slog.DiscardHandler)

// serve runs the program on the store, and returns when every read model and reactor runs.
func (p place) serve() (stop func()) {
	p.t.Helper()
	c := p.config
	c.Addr, c.Log = "127.0.0.1:0", quietly
	running, err := program.Start(p.t.Context(), c)
	require.NoError(p.t, err)
	served := client.New(running.URL())
	require.Eventually(p.t, func() bool {
		consumers, err := served.Consumers(p.t.Context())
		owned := 0
		for _, c := range consumers {
			if c.Owner != "" {
				owned++
			}
		}
		return err == nil && owned >= 9 && served.Ready(p.t.Context()) == nil
	}, 20*time.Second, 10*time.Millisecond)
	return func() {
		served.Close()
		require.NoError(p.t, running.Stop(context.Background()))
	}
}

// grow appends commands to a store, three events and a receipt each.
func (p place) grow(commands int) {
	p.t.Helper()
	p.with(func(db database) {
		store := eventstore.New(db.Driver())
		for range commands {
			require.NoError(p.t, grow(p.t.Context(), store))
		}
		require.NoError(p.t, store.Close())
	})
}

// odd are bytes that JSON, a database or a careless program would not keep.
var odd = []string{`{ "a" : 1.0e+02, "b":"<&>\u00e9é\u2028` + "\u2028" + `" }`, "{\n\t\"big\": 123456789012345678901234567890,\r\n\"a\": 1, \"a\": 2}", `{"quote":"\"\\"}`}

func grow(ctx context.Context, store *eventstore.Store) error {
	command := uuid.Must(uuid.NewV7())
	stream := "order-" + command.String()
	request := eventstore.Request{CommandID: command, Expected: map[string]int64{stream: 0}}
	for i, data := range odd {
		request.Events = append(request.Events, eventstore.Event{Stream: stream, Type: fmt.Sprintf("order.odd%d", i), SchemaVersion: i + 1,
			Data: json.RawMessage(data), Metadata: json.RawMessage(`{ "actor":"t" }`)})
	}
	request.Receipts = []eventstore.Receipt{{Scope: "é \" \\", Key: command.String(), Fingerprint: []byte{0, 255}, Response: []byte(`{"stored": "\u0000"}`)}}
	outcomes, err := store.Append(ctx, []eventstore.Request{request})
	if err == nil {
		if _, ok := outcomes[0].(eventstore.Appended); !ok {
			err = fmt.Errorf("%+v", outcomes[0])
		}
	}
	return err
}

// shop makes a shop of so many commands in which every table that moves has rows, and so has what must not move.
func shop(t *testing.T, at place, commands int) place {
	t.Helper()
	at.migrate().grow(commands)
	at.with(func(db database) {
		durable, _ := db.Durable()
		exec := func(query string, args ...any) {
			_, err := durable.ExecContext(t.Context(), query, args...)
			require.NoError(t, err, query)
		}
		last, err := db.Driver().Read(t.Context(), eventstore.Query{Latest: true, Limit: 1})
		require.NoError(t, err)
		for _, c := range [][2]string{{"mail", "reactor"}, {"relay-redis", "reactor"}, {"orders.1", "projector"}, {"timers", "task"}} {
			exec(`INSERT INTO consumers (name, kind, log_id, position, event_id, epoch, owner, lease_until, error) VALUES ($1, $2, $3, $4, $5, 7, 'gone', 1, 'why')`,
				c[0], c[1], db.Driver().LogID().String(), last[0].Position, last[0].EventID.String())
			exec(`INSERT INTO parked (consumer, key, error, attempts, parked_at, asked, reason) VALUES ($1, 'key', $2, 3, 4, 'retry', '')`, c[0], "panic:\n\t<x>")
			exec(`INSERT INTO parked_positions (consumer, key, position, event_id) VALUES ($1, 'key', 1, 'id'), ($1, 'key', 10, 'id')`, c[0])
			exec(`INSERT INTO discarded (consumer, key, position, reason, discarded_at) VALUES ($1, 'Other', 2, 'no', 9)`, c[0])
			exec(`INSERT INTO progress (consumer, position, at) VALUES ($1, 3, $2)`, c[0], time.Now().UnixMilli())
		}
		exec(`INSERT INTO inbox (message_id, source, event_type, raw, problem, received_at) VALUES ('m', 'amqp', 'x', $1, '{}', 5), ('n', 'amqp', 'x', $2, '{}', 5)`,
			[]byte{0, 1, 254, '\n'}, []byte{})
		exec(`INSERT INTO mailbox (message_id, order_id, recipient, subject, body, sent_at) VALUES ('<1@x>', '1', 'a@b', 'é', $1, 6), ('<Z@x>', '1', '', '', '', 6), ('<a@x>', '1', '', '', '', 6)`,
			strings.Repeat("line\n", 3))
		exec(`INSERT INTO cursors (name, position) VALUES ('redis-inbox', '1-0')`)
		exec(`INSERT INTO contacts (customer_ref, email, name, updated_at) VALUES ('c', 'a@b', 'Ä', 7)`)
		exec(`INSERT INTO keys (key_id, hash, principal, created_at) VALUES ('k', $1, 'p', 8)`, []byte{9})
	})
	return at
}
