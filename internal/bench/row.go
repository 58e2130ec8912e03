package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ordermill/api/v1"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/internal/program"
	"ordermill/messaging"
	"ordermill/projections/orders"
)

// idle is how long the shop has nothing to do before a command whose row is timed.
const idle = 10 * time.Millisecond

// trip is a bare client's way: it publishes one ready message and returns when a waiting consumer has it.
type trip struct {
	send  func(ctx context.Context) error
	close func()
}

func (b *bench) rowByRabbitMQ(ctx context.Context, name string) error {
	broker, err := b.group.RabbitMQ()
	if err != nil {
		return err
	}
	defer broker.Stop()
	return b.row(ctx, name, program.Config{AMQP: broker.URL}, func(ready readyMessage) (trip, error) { return tripRabbitMQ(broker.URL, ready) })
}

func (b *bench) rowByRedis(ctx context.Context, name string) error {
	server, err := b.group.Redis()
	if err != nil {
		return err
	}
	defer server.Stop()
	return b.row(ctx, name, program.Config{Redis: server.URL}, func(ready readyMessage) (trip, error) { return tripRedis(ctx, server.URL, ready) })
}

// row times how long after the answer to a command its row can be read, on a shop at rest. The baseline is what that cannot do
// without, one after the other: the event's way through the broker, one read of the log, and one row committed as lightly as the
// projector does it.
func (b *bench) row(ctx context.Context, name string, config program.Config, by func(readyMessage) (trip, error)) error {
	address, err := b.newDatabase(ctx)
	if err != nil {
		return err
	}
	config.Store = address
	m, err := startMill(ctx, config)
	if err != nil {
		return err
	}
	defer m.close()
	position, err := m.place(ctx)
	if err != nil {
		return err
	}
	if _, err := m.atRest(ctx); err != nil {
		return err
	}
	ready, err := messageAt(ctx, address, position)
	if err != nil {
		return err
	}
	bare, err := by(ready)
	if err != nil {
		return err
	}
	defer bare.close()
	plain, err := newPlainRow(ctx, address, position)
	if err != nil {
		return err
	}
	defer plain.conn.Close(context.Background())
	pairs, err := interleave(b.rounds,
		b.onIdle(ctx, m, func() (time.Duration, error) {
			position, err := m.place(ctx)
			if err != nil {
				return 0, err
			}
			answered := time.Now()
			err = m.program.WaitFor(ctx, orders.Projection.Name, position)
			return time.Since(answered), err
		}),
		b.onIdle(ctx, m, func() (time.Duration, error) {
			begin := time.Now()
			if err := bare.send(ctx); err != nil {
				return 0, err
			}
			err := plain.readAndWrite(ctx)
			return time.Since(begin), err
		}))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	const baseline = "(baseline: broker, read, upsert)"
	middle := line{what: name + ", median " + baseline, unit: "µs", bound: bound{atMost: true, must: 2}}
	slow := line{what: name + ", p99 " + baseline, unit: "µs", bound: bound{atMost: true, must: 4}}
	for _, p := range pairs {
		middle.ours, middle.theirs = append(middle.ours, micros(p.ours.latency)), append(middle.theirs, micros(p.theirs.latency))
		slow.ours, slow.theirs = append(slow.ours, micros(p.ours.slow)), append(slow.theirs, micros(p.theirs.slow))
	}
	b.print(middle)
	b.print(slow)
	return nil
}

// onIdle makes a round of single calls, each on a shop that is at rest.
func (b *bench) onIdle(ctx context.Context, m *mill, do func() (time.Duration, error)) func() (rate, error) {
	return func() (rate, error) {
		took := make([]time.Duration, b.fresh)
		for i := range took {
			if _, err := m.atRest(ctx); err != nil {
				return rate{}, err
			}
			select {
			case <-time.After(idle):
			case <-ctx.Done():
				return rate{}, ctx.Err()
			}
			var err error
			if took[i], err = do(); err != nil {
				return rate{}, err
			}
		}
		return rate{calls: len(took), latency: median(took), slow: p99(took)}, nil
	}
}

// place places an order of one unit, and returns the position of its event.
func (m *mill) place(ctx context.Context) (int64, error) {
	answer, err := m.PlaceOrder(ctx, v1.PlaceOrder{Items: []v1.PlaceItem{{SKU: sku(int(m.orders.Add(1) % spreadSKUs)), Quantity: 1}}})
	return answer.Position, err
}

// readyMessage is an event as it travels.
type readyMessage struct {
	id, kind string
	body     []byte
}

func messageAt(ctx context.Context, address string, position int64) (readyMessage, error) {
	s, err := postgresShop(ctx, address)
	if err != nil {
		return readyMessage{}, err
	}
	defer s.close()
	records, err := s.events.Read(ctx, eventstore.Query{After: position - 1, Limit: 1})
	if err != nil {
		return readyMessage{}, err
	}
	m := messaging.Encode(subscription.Delivery{Record: records[0], LogID: s.events.LogID(), CommandEnd: true})
	return readyMessage{m.UUID, records[0].Type, m.Payload}, nil
}

// plainRow is the database's part of the baseline: a table like the read model's in columns and indexes, and rows of the same
// contents.
type plainRow struct {
	conn     *pgx.Conn
	position int64 // of the event that is read
	values   []any // of the row, the key first
	rows     int64
	upsert   string
}

func newPlainRow(ctx context.Context, address string, position int64) (*plainRow, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	p := &plainRow{conn: conn, position: position}
	if err := p.prepare(ctx); err != nil {
		conn.Close(ctx)
		return nil, fmt.Errorf("baseline's row: %w", err)
	}
	return p, nil
}

func (p *plainRow) prepare(ctx context.Context) error {
	if _, err := p.conn.Exec(ctx, `SET synchronous_commit = off`); err != nil {
		return err
	}
	var generation int64
	if err := p.conn.QueryRow(ctx, `SELECT generation FROM ordermill_read.live WHERE projection = $1`, orders.Projection.Name).Scan(&generation); err != nil {
		return err
	}
	table := fmt.Sprintf("ordermill_read.%s_%d", orders.Projection.Name, generation)
	if _, err := p.conn.Exec(ctx, `CREATE SCHEMA plain; CREATE TABLE plain.orders (LIKE `+table+` INCLUDING ALL)`); err != nil {
		return err
	}
	rows, err := p.conn.Query(ctx, `SELECT * FROM `+table+` LIMIT 1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return fmt.Errorf("no order in %s: %w", table, rows.Err())
	}
	if p.values, err = rows.Values(); err != nil {
		return err
	}
	p.upsert = upsertInto("plain.orders", rows.FieldDescriptions())
	return nil
}

// readAndWrite reads the event by its position, and writes a row that was not there.
func (p *plainRow) readAndWrite(ctx context.Context) error {
	var stream, kind, data, metadata string
	if err := p.conn.QueryRow(ctx, `SELECT stream, type, data, metadata FROM ordermill_log.events WHERE position = $1`, p.position).
		Scan(&stream, &kind, &data, &metadata); err != nil {
		return err
	}
	p.rows++
	p.values[0] = fmt.Sprint("order-", p.rows)
	_, err := p.conn.Exec(ctx, p.upsert, p.values...)
	return err
}

// upsertInto is the statement for one row whose first column is the key.
func upsertInto(table string, columns []pgconn.FieldDescription) string {
	var names, values, set []string
	for i, c := range columns {
		names, values = append(names, c.Name), append(values, fmt.Sprintf("$%d", i+1))
		set = append(set, c.Name+" = excluded."+c.Name)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (key) DO UPDATE SET %s",
		table, strings.Join(names, ", "), strings.Join(values, ", "), strings.Join(set[1:], ", "))
}
