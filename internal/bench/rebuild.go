package main

import (
	"context"
	"fmt"
	"os"
)

// mebibyte is the unit in which memory is told.
const mebibyte = 1 << 20

// maxResident is what a process may take while it builds read models, in MiB.
const maxResident = 512

// longShop is a database with a log of at least so many events.
func (b *bench) longShop(ctx context.Context, events int64) (address string, written int64, err error) {
	address, s, l, err := b.growingShop(ctx)
	if err != nil {
		return address, 0, err
	}
	defer s.close()
	written, err = l.lengthen(ctx, events)
	return address, written, err
}

// growingShop is an open database on Postgres, and the log there that is to be lengthened.
func (b *bench) growingShop(ctx context.Context) (address string, s *shop, l *longLog, err error) {
	if address, err = b.newDatabase(ctx); err != nil {
		return address, nil, nil, err
	}
	if s, err = postgresShop(ctx, address); err != nil {
		return address, nil, nil, err
	}
	if l, err = newLongLog(ctx, s.events); err != nil {
		s.close()
	}
	return address, s, l, err
}

// rebuildPostgres compares building read models from a log with only reading that log in pages, each in a process of its own; and what an
// event costs in a short log with what it costs in a long one.
func (b *bench) rebuildPostgres(ctx context.Context, name string) error {
	address, s, l, err := b.growingShop(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	short, few, err := b.perEvent(ctx, l, address, b.long/10)
	if err != nil {
		return err
	}
	if _, err := l.lengthen(ctx, b.long); err != nil {
		return err
	}
	one, all := bound{atMost: true, must: 2.5, aim: 2}, bound{atMost: true, must: 3}
	if err := b.rebuildModels(ctx, name, address, one, all); err != nil {
		return err
	}
	long, many, err := b.perEvent(ctx, l, address, 2*b.long)
	if err != nil {
		return err
	}
	b.print(line{what: fmt.Sprintf("%s, orders, an event of %d (baseline: of %d)", name, many, few), unit: "ns",
		ours: long, theirs: short, bound: bound{atMost: true, must: 1.15}})
	return nil
}

// rebuildSQLite compares as rebuildPostgres does; there is no bound.
func (b *bench) rebuildSQLite(ctx context.Context, name string) error {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	s, err := sqliteShop(ctx, folder)
	if err != nil {
		return err
	}
	l, err := newLongLog(ctx, s.events)
	if err == nil {
		_, err = l.lengthen(ctx, b.long)
	}
	s.close() // one process at a time may have the folder
	if err != nil {
		return err
	}
	return b.rebuildModels(ctx, name, folder, bound{}, bound{})
}

// perEvent lengthens a log and returns what an event of it costs while the read model of orders is built, in nanoseconds.
func (b *bench) perEvent(ctx context.Context, l *longLog, address string, length int64) (costs []float64, events int64, err error) {
	if events, err = l.lengthen(ctx, length); err != nil {
		return nil, 0, err
	}
	for range b.rebuilds {
		d, err := apart(ctx, job{Store: address, Models: []string{"orders"}})
		if err != nil {
			return nil, 0, err
		}
		costs = append(costs, float64(d.Took.Nanoseconds())/float64(d.Events))
	}
	return costs, events, nil
}

// rebuildModels builds the read model of orders, and then all of them at once.
func (b *bench) rebuildModels(ctx context.Context, name, store string, one, all bound) error {
	err := b.rebuildBeside(ctx, name, store, "orders", []string{"orders"}, one)
	if err != nil {
		return err
	}
	return b.rebuildBeside(ctx, name, store, "all at once", allModels, all)
}

func (b *bench) rebuildBeside(ctx context.Context, name, store, what string, models []string, want bound) error {
	var events, peak int64
	once := func(models []string) func() (rate, error) {
		return func() (rate, error) {
			d, err := apart(ctx, job{Store: store, Models: models})
			events = d.Events
			if len(models) > 0 {
				peak = max(peak, d.PeakBytes)
			}
			return rate{perSecond: d.Took.Seconds()}, err
		}
	}
	pairs, err := interleave(b.rebuilds, once(models), once(nil))
	if err != nil {
		return err
	}
	l := line{what: fmt.Sprintf("%s, %s, %d events (baseline: reading)", name, what, events), unit: "ms", bound: want}
	for _, p := range pairs {
		l.ours, l.theirs = append(l.ours, p.ours.perSecond*1000), append(l.theirs, p.theirs.perSecond*1000)
	}
	b.print(l)
	b.print(line{what: fmt.Sprintf("%s, %s, resident memory (baseline: its bound)", name, what), unit: "MiB",
		ours: []float64{float64(peak) / mebibyte}, theirs: []float64{maxResident}, bound: bound{atMost: true, must: 1}})
	return nil
}
