package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
)

const (
	mostCopies = 3
	// copyRounds are fewer than others: each starts copies, and lets the shop come to rest.
	copyRounds = 5
)

// copies asks whether commands per second fall when one shop has two or three copies on one machine. The buyers are the same, spread
// evenly over the copies. Every copy is the whole program, with its own pools, queue and subscriptions; those of a round share a
// process, and nothing else.
func (b *bench) copies(ctx context.Context, name string) error {
	rabbit, err := b.group.RabbitMQ()
	if err != nil {
		return err
	}
	defer rabbit.Stop()
	redis, err := b.group.Redis()
	if err != nil {
		return err
	}
	defer redis.Stop()
	address, err := b.newDatabase(ctx)
	if err != nil {
		return err
	}
	config := program.Config{Store: address, AMQP: rabbit.URL, Redis: redis.URL}
	first, err := startMill(ctx, config)
	if err != nil {
		return err
	}
	first.close()

	var perSecond [mostCopies + 1][]float64 // by number of copies
	for round := range copyRounds {
		for i := range mostCopies {
			n := 1 + (round+i)%mostCopies // everyone comes first in turn
			r, err := b.ordersAt(ctx, config, n)
			if err != nil {
				return fmt.Errorf("%d copies: %w", n, err)
			}
			perSecond[n] = append(perSecond[n], r.perSecond)
		}
	}
	for n := 2; n <= mostCopies; n++ {
		b.print(line{what: fmt.Sprintf("%s, %d copies (baseline: 1 copy)", name, n), unit: "orders/s",
			ours: perSecond[n], theirs: perSecond[1], bound: bound{must: 1}})
	}
	return nil
}

// ordersAt starts so many copies, lets the buyers place orders there, and waits until all that follows is done, so that the next
// copies find a shop at rest.
func (b *bench) ordersAt(ctx context.Context, config program.Config, copies int) (r rate, err error) {
	var running []*mill
	defer func() {
		var stopping errgroup.Group
		for _, m := range running {
			stopping.Go(func() error { m.close(); return nil })
		}
		_ = stopping.Wait() // close tells nothing
	}()
	for range copies {
		m, err := startCopy(ctx, config)
		if err != nil {
			return r, err
		}
		running = append(running, m)
	}
	if _, err := running[0].atRest(ctx); err != nil {
		return r, err
	}
	each := make([]*client.Client, buyers) // a connection that is kept, for every buyer
	for i := range each {
		each[i] = client.New(running[i%copies].program.URL())
		defer each[i].Close()
	}
	var number atomic.Int64
	place := func(ctx context.Context, buyer int) error {
		_, err := each[buyer].PlaceOrder(ctx, v1.PlaceOrder{Items: []v1.PlaceItem{{SKU: sku(int(number.Add(1) % spreadSKUs)), Quantity: 1}}})
		return err
	}
	if _, err := load(ctx, buyers, b.probe/2, place); err != nil { // opens connections and fills caches
		return r, err
	}
	if r, err = load(ctx, buyers, b.round, place); err != nil {
		return r, err
	}
	_, err = running[0].atRest(ctx)
	return r, err
}
