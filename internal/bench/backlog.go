package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"ordermill/app"
	"ordermill/eventstore/subscription"
	"ordermill/projections"
	"ordermill/projections/orders"
)

const (
	appenders     = 256
	backlogRounds = 3
)

// backlog compares how fast many callers grow the log with how fast one projector, which was away meanwhile, comes after: a
// projector that is slower never catches up. Each event is an order of its own, so the projector writes a row for every one. The
// read model is live, and follows; a build of a new generation is another thing, which rebuild measures.
func (b *bench) backlog(ctx context.Context, name string) error {
	s, err := b.newShop(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.provide(ctx, 0, slices.Repeat([]int64{1}, appenders)); err != nil {
		return err
	}
	if _, err := s.drain(ctx); err != nil { // builds the first generation, which goes live
		return err
	}
	l := line{what: fmt.Sprintf("%s, %d events (baseline: %d callers append)", name, b.behind, appenders), unit: "events/s", bound: bound{must: 1}}
	for range backlogRounds {
		grown, appended, err := s.grow(ctx, b.behind)
		if err != nil {
			return err
		}
		drained, err := s.drain(ctx)
		if err != nil {
			return err
		}
		l.ours, l.theirs = append(l.ours, float64(grown)/drained.Seconds()), append(l.theirs, float64(grown)/appended.Seconds())
	}
	b.print(l)
	return nil
}

// grow lets the appenders place so many orders, and returns by how many events the log has grown, and in what time.
func (s *shop) grow(ctx context.Context, orders int) (events int64, took time.Duration, err error) {
	before, err := s.events.Head(ctx)
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	var placing errgroup.Group
	placing.SetLimit(appenders)
	for i := range orders {
		placing.Go(func() error {
			_, err := s.desk.PlaceOrder(ctx, app.Call{Actor: "bench"},
				app.PlaceOrder{Currency: currency, Items: []app.Item{{SKU: sku(i % appenders), Quantity: 1}}})
			return err
		})
	}
	err = placing.Wait()
	took = time.Since(begin)
	if err != nil {
		return 0, 0, err
	}
	after, err := s.events.Head(ctx)
	if err != nil {
		return 0, 0, err
	}
	if events = after.Position - before.Position; events != int64(orders) {
		return 0, 0, fmt.Errorf("%d orders wrote %d events", orders, events)
	}
	return events, took, nil
}

// drain starts the projector of orders, waits until it is at the log's head, and stops it.
func (s *shop) drain(ctx context.Context) (time.Duration, error) {
	head, err := s.events.Head(ctx)
	if err != nil {
		return 0, err
	}
	var db subscription.Database
	db.Write, db.Read = s.Read()
	model := projections.New(orders.Projection, s.events, db, subscription.Owner{ID: uuid.NewString(), Sole: true},
		projections.WithLogger(slog.New(slog.DiscardHandler)))
	running, stop := context.WithCancel(ctx)
	var following errgroup.Group
	begin := time.Now()
	following.Go(func() error { model.Run(running); return nil })
	err = model.WaitFor(ctx, head.Position)
	took := time.Since(begin)
	stop()
	_ = following.Wait() // it has no error to tell
	return took, err
}
