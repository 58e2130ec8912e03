package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"ordermill/app"
	"ordermill/eventstore"
)

const (
	buyers     = 64
	spreadSKUs = 1000
)

// hotSKU compares 64 buyers who all want the same thing with 64 buyers who want a thousand things, from the first order to
// the last reservation, checkout included. Every unit in stock is asked for once, so all of it must be sold and no more.
func (b *bench) hotSKU(ctx context.Context, want bound) error {
	hot, err := b.busyShop(ctx)
	if err != nil {
		return err
	}
	defer hot.close()
	spread, err := b.busyShop(ctx)
	if err != nil {
		return err
	}
	defer spread.close()
	first := 0
	pairs, err := interleave(b.rounds,
		func() (rate, error) { first++; return hot.sell(ctx, first, 1, b.orders) },
		func() (rate, error) { return spread.sell(ctx, 0, spreadSKUs, b.orders) })
	if err != nil {
		return err
	}
	l := line{what: fmt.Sprintf("one hot SKU, Postgres, %d buyers (baseline: %d SKUs)", buyers, spreadSKUs), unit: "orders/s", bound: want}
	for _, p := range pairs {
		l.ours, l.theirs = append(l.ours, p.ours.perSecond), append(l.theirs, p.theirs.perSecond)
	}
	b.print(l)
	return nil
}

// busyShop opens a shop of its own, with its checkout running.
func (b *bench) busyShop(ctx context.Context) (*shop, error) {
	address, err := b.newDatabase(ctx)
	if err != nil {
		return nil, err
	}
	s, err := postgresShop(ctx, address)
	if err != nil {
		return nil, err
	}
	s.startCheckout()
	return s, nil
}

// sell puts as much into stock of the SKUs first, first+1, ... as will be ordered, and then lets the buyers order all of it.
func (s *shop) sell(ctx context.Context, first, skus, orders int) (rate, error) {
	wanted := make([]int64, skus)
	for i := range orders {
		wanted[i%skus]++
	}
	if err := s.provide(ctx, first, wanted); err != nil {
		return rate{}, err
	}
	begin := time.Now()
	reserved, rejected, err := s.order(ctx, orders, func(i int) string { return sku(first + i%skus) })
	elapsed := time.Since(begin)
	if err == nil && (reserved != orders || rejected != 0) {
		err = fmt.Errorf("%d orders for as many units in stock: %d reserved, %d rejected", orders, reserved, rejected)
	}
	if err != nil {
		return rate{}, err
	}
	reserved, rejected, err = s.order(ctx, buyers, func(i int) string { return sku(first + i%skus) })
	if err == nil && (reserved != 0 || rejected != buyers) {
		err = fmt.Errorf("%d orders after the last unit was sold: %d reserved, %d rejected", buyers, reserved, rejected)
	}
	return rate{calls: orders, perSecond: float64(orders) / elapsed.Seconds()}, err
}

// order places orders of one unit and waits until the checkout has reserved or rejected all of them.
func (s *shop) order(ctx context.Context, orders int, skuOf func(order int) string) (reserved, rejected int, err error) {
	head, err := s.events.Head(ctx)
	if err != nil {
		return 0, 0, err
	}
	var next atomic.Int64
	var buying sync.WaitGroup
	defer buying.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for range buyers {
		buying.Go(func() {
			for i := int(next.Add(1)) - 1; i < orders; i = int(next.Add(1)) - 1 {
				_, err := s.desk.PlaceOrder(ctx, app.Call{Actor: "bench"},
					app.PlaceOrder{Currency: currency, Items: []app.Item{{SKU: skuOf(i), Quantity: 1}}})
				if err != nil {
					cancel(fmt.Errorf("order %d: %w", i, err))
					return
				}
			}
		})
	}
	grown, stop := s.events.Watch()
	defer stop()
	for position := head.Position; reserved+rejected < orders; {
		records, err := s.events.Read(ctx, eventstore.Query{After: position, Limit: eventstore.MaxPage})
		if err != nil {
			return reserved, rejected, errors.Join(err, context.Cause(ctx))
		}
		for _, r := range records {
			position = r.Position
			switch r.Type {
			case "checkout.stock_reserved":
				reserved++
			case "checkout.stock_rejected":
				rejected++
			}
		}
		if len(records) > 0 {
			continue
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return reserved, rejected, context.Cause(ctx)
		}
	}
	return reserved, rejected, nil
}
