package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"ordermill/app"
	"ordermill/app/manual"
	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
)

const currency = "USD"

// database is an open store of either kind.
type database interface {
	Driver() eventstore.Driver
	Log() (write, read *sql.DB)
	Read() (write, read *sql.DB)
	Close() error
}

// shop is the program without its surface: log, command queue and desk, and the checkout where a benchmark asks for it.
type shop struct {
	database
	events *eventstore.Store
	desk   *app.Desk
	queue  *app.Queue
	kept   *app.Snapshots

	stop    context.CancelFunc
	running sync.WaitGroup
}

// newShop opens a shop on a database of its own.
func (b *bench) newShop(ctx context.Context) (*shop, error) {
	address, err := b.newDatabase(ctx)
	if err != nil {
		return nil, err
	}
	return postgresShop(ctx, address)
}

func postgresShop(ctx context.Context, url string) (*shop, error) {
	if err := postgres.Migrate(ctx, url, postgres.MigrateOptions{}); err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, url, postgres.Options{})
	if err != nil {
		return nil, err
	}
	return openShop(db), nil
}

func sqliteShop(ctx context.Context, folder string) (*shop, error) {
	if err := sqlite.Migrate(ctx, folder); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, folder, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return openShop(db), nil
}

func openShop(db database) *shop {
	ctx, stop := context.WithCancel(context.Background())
	s := &shop{database: db, events: eventstore.New(db.Driver()), stop: stop}
	var log subscription.Database
	log.Write, log.Read = db.Log()
	s.kept = app.NewSnapshots(s.events, log, slog.Default())
	s.queue = app.NewQueue(s.events, time.Now, s.kept)
	s.desk = app.NewDesk(s.queue, s.events, currency, app.DefaultTiming, manual.Provider{}, slog.Default())
	s.running.Go(func() { s.queue.Run(ctx) })
	s.running.Go(func() { s.kept.Run(ctx) })
	return s
}

// startCheckout lets the process manager follow the log, as in one process without transports.
func (s *shop) startCheckout() {
	ctx, stop := context.WithCancel(context.Background())
	stopQueue := s.stop
	var following sync.WaitGroup
	s.stop = func() { stop(); following.Wait(); stopQueue() }
	var db subscription.Database
	db.Write, db.Read = s.Log()
	consumer := subscription.NewReactor(s.events, db, subscription.Owner{ID: uuid.NewString(), Sole: true},
		app.NewCheckout(s.desk), subscription.SideBySide(app.CheckoutSideBySide))
	following.Go(func() { _ = consumer.Run(ctx) })
}

func (s *shop) close() {
	s.stop()
	s.running.Wait()
	s.events.Close()
	s.Close()
}

func sku(number int) string { return fmt.Sprintf("SKU-%05d", number) }

// provide registers the SKUs first, first+1, ... that are not there yet, and books quantities[i] of each into stock.
func (s *shop) provide(ctx context.Context, first int, quantities []int64) error {
	var providing errgroup.Group
	providing.SetLimit(64)
	for i, quantity := range quantities {
		providing.Go(func() error {
			_, err := s.desk.RegisterProduct(ctx, app.Call{Actor: "bench"},
				app.RegisterProduct{SKU: sku(first + i), Name: "Product " + sku(first+i), PriceMinor: 100, Currency: currency})
			var refused *decider.Refusal
			if err != nil && !(errors.As(err, &refused) && refused.Code == "sku-taken") {
				return err
			}
			return s.receive(ctx, first+i, quantity)
		})
	}
	return providing.Wait()
}

// receive books stock, with a receipt like that of a client's Idempotency-Key: one event on the SKU's stream.
func (s *shop) receive(ctx context.Context, number int, quantity int64) error {
	id := uuid.NewString()
	fingerprint := sha256.Sum256([]byte(id))
	call := app.Call{
		Actor:   "bench",
		Key:     &app.IdempotencyKey{Scope: "bench POST /v1/stock", Key: id, Fingerprint: fingerprint[:]},
		Respond: func(any) []byte { return make([]byte, 200) },
	}
	_, err := s.desk.ReceiveStock(ctx, call, app.ReceiveStock{SKU: sku(number), Quantity: quantity, StockReceiptID: id})
	return err
}
