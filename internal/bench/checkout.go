package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/eventstore"
	"ordermill/internal/program"
)

// mill is the whole program, and a client that talks to it over HTTP.
type mill struct {
	*client.Client
	program *program.Program
	orders  atomic.Int64 // whose letters were sent; makes their ids
}

// startMill starts a shop that has something to sell.
func startMill(ctx context.Context, c program.Config) (*mill, error) {
	m, err := startCopy(ctx, c)
	if err != nil {
		return nil, err
	}
	return m, m.stock(ctx)
}

// startCopy starts the program on a shop that may be there already.
func startCopy(ctx context.Context, c program.Config) (*mill, error) {
	c.Addr, c.Migrate, c.Log = "127.0.0.1:0", true, slog.New(slog.DiscardHandler)
	p, err := program.Start(ctx, c)
	if err != nil {
		return nil, err
	}
	return &mill{Client: client.New(p.URL()), program: p}, nil
}

func (m *mill) close() {
	m.Close()
	_ = m.program.Stop(context.Background()) // what was measured is measured
}

// stock registers what the buyers want, with more of it than they can buy.
func (m *mill) stock(ctx context.Context) error {
	for i := range spreadSKUs {
		_, err := m.RegisterProduct(ctx, v1.RegisterProduct{SKU: sku(i), Name: "Product " + sku(i), PriceMinor: 100, Currency: currency}, client.Key(sku(i)))
		if err == nil {
			_, err = m.ReceiveStock(ctx, sku(i), v1.ReceiveStock{Quantity: 1_000_000}, client.Key(sku(i)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// buy sends the two letters of the next order: one that brings it, one that brings its money.
func (m *mill) buy(ctx context.Context) error {
	number := m.orders.Add(1)
	id := fmt.Sprintf("bench-%d", number)
	_, err := m.Send(ctx, fmt.Appendf(nil, `{"event_type":"order.created","payload":{"order_id":%q,"items":[{"sku":%q,"quantity":1}]}}`,
		id, sku(int(number%spreadSKUs))))
	if err == nil {
		_, err = m.Send(ctx, fmt.Appendf(nil, `{"event_type":"payment.completed","payload":{"order_id":%q,"amount":1.00}}`, id))
	}
	return err
}

// atRest waits until every consumer and every read model is at the log's head, and returns it.
func (m *mill) atRest(ctx context.Context) (head int64, err error) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for before := int64(-1); ; before = head {
		models, err := m.Projections(ctx)
		if err != nil {
			return 0, err
		}
		consumers, err := m.Consumers(ctx)
		if err != nil {
			return 0, err
		}
		var lag int64
		head = 0
		for _, model := range models {
			head, lag = max(head, model.Position+model.Lag), max(lag, model.Lag)
		}
		for _, c := range consumers {
			if c.Kind == "reactor" {
				lag = max(lag, head-c.Checkpoint)
			}
		}
		if lag == 0 && head == before {
			return head, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// shop lets the buyers settle so many orders, and measures from the first letter until all is at rest. events is how many
// the log has grown by.
func (m *mill) shop(ctx context.Context, orders int) (r rate, events int64, err error) {
	before, err := m.atRest(ctx)
	if err != nil {
		return r, 0, err
	}
	begin := time.Now()
	var buying errgroup.Group
	buying.SetLimit(buyers)
	for range orders {
		buying.Go(func() error { return m.buy(ctx) })
	}
	if err := buying.Wait(); err != nil {
		return r, 0, err
	}
	after, err := m.atRest(ctx)
	if err != nil {
		return r, 0, err
	}
	r = rate{calls: orders, perSecond: float64(orders) / time.Since(begin).Seconds()}
	confirmed := 0
	for at := before; at < after; {
		page, err := m.Events(ctx, client.Filter{After: at, Types: []string{"order.confirmed"}}, 200)
		if err != nil {
			return r, 0, err
		}
		if at = page.NextAfter; len(page.Items) == 0 {
			break
		}
		confirmed += len(page.Items)
	}
	if confirmed != orders {
		return r, 0, fmt.Errorf("%d of %d orders are confirmed", confirmed, orders)
	}
	return r, after - before, nil
}

// checkouts compares whole orders, over HTTP and with all that follows, with as many events inserted in the bare.
func (b *bench) checkouts(ctx context.Context, name string, m *mill, theirs *inserter) error {
	orders := b.orders / 3 // each is several commands and a step or two
	var perOrder float64
	pairs, err := interleave(b.rounds,
		func() (rate, error) {
			r, events, err := m.shop(ctx, orders)
			perOrder = float64(events) / float64(orders)
			return r, err
		},
		func() (rate, error) { return load(ctx, buyers, b.round, theirs.do) })
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	l := line{what: fmt.Sprintf("%s (baseline: its %.0f events)", name, perOrder), unit: "orders/s"}
	for _, p := range pairs {
		l.ours, l.theirs = append(l.ours, p.ours.perSecond), append(l.theirs, p.theirs.perSecond/perOrder)
	}
	b.print(l)
	return nil
}

func (b *bench) checkoutsPostgres(ctx context.Context, name string) error {
	address, sample, err := b.bare(ctx)
	if err != nil {
		return err
	}
	conns, err := b.bestPool(ctx, address, buyers, sample)
	if err != nil {
		return err
	}
	theirs, err := insertPostgres(ctx, address, conns, buyers, sample)
	if err != nil {
		return err
	}
	defer theirs.close()
	m, err := b.millOnPostgres(ctx)
	if err != nil {
		return err
	}
	defer m.close()
	return b.checkouts(ctx, name, m, theirs)
}

// bare is a database with the tables of a shop, for the baseline, and an event of such a shop.
func (b *bench) bare(ctx context.Context) (address string, sample eventstore.Record, err error) {
	if address, err = b.newDatabase(ctx); err != nil {
		return address, sample, err
	}
	s, err := postgresShop(ctx, address)
	if err != nil {
		return address, sample, err
	}
	defer s.close()
	sample, err = s.warm(ctx, 1)
	return address, sample, err
}

func (b *bench) millOnPostgres(ctx context.Context) (*mill, error) {
	address, err := b.newDatabase(ctx)
	if err != nil {
		return nil, err
	}
	return startMill(ctx, program.Config{Store: address})
}

func (b *bench) checkoutsSQLite(ctx context.Context, name string) error {
	ourFolder, theirFolder, cleanUp, err := twoFolders()
	if err != nil {
		return err
	}
	defer cleanUp()
	_, sample, err := b.bare(ctx)
	if err != nil {
		return err
	}
	theirs, err := insertSQLite(ctx, theirFolder, buyers, sample)
	if err != nil {
		return err
	}
	defer theirs.close()
	m, err := startMill(ctx, program.Config{Data: ourFolder})
	if err != nil {
		return err
	}
	defer m.close()
	return b.checkouts(ctx, name, m, theirs)
}
