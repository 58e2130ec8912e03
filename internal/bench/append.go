package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"ordermill/eventstore"
)

// budget is how long is measured.
type budget struct {
	rounds   int
	round    time.Duration // of each contender in each round
	probe    time.Duration // of each pool size the baseline may choose from
	orders   int           // of each round with the checkout
	behind   int           // events that the projector is behind, in each of its rounds
	fresh    int           // commands of each round that times the row of one, and loads of each that times them
	events   int64         // of the stream that is loaded from its snapshot
	long     int64         // events of the log from which read models are built, and a tenth and twice of it
	rebuilds int           // rounds of building
	steady   time.Duration // for which commands come in beside a rebuild, in each round
	limit    time.Duration // of the whole run
}

var (
	short = budget{rounds: 7, round: 2 * time.Second, probe: time.Second, orders: 1500, behind: 40_000, fresh: 100, events: 100_000, long: 200_000, rebuilds: 3, steady: 4 * time.Second, limit: 12 * time.Minute}
	full  = budget{rounds: 15, round: 5 * time.Second, probe: 2 * time.Second, orders: 5000, behind: 300_000, fresh: 300, events: 1_000_000, long: 1_000_000, rebuilds: 5, steady: 10 * time.Second, limit: 90 * time.Minute}
)

// poolSizes are tried for the baseline, none above its number of callers.
var poolSizes = []int{1, 4, 8, 16, 32, 64, 128}

// appendPostgres compares appends through the command queue with plain inserts on the same server.
func (b *bench) appendPostgres(ctx context.Context, name string, callers int, want bound) error {
	address, err := b.newDatabase(ctx)
	if err != nil {
		return err
	}
	ours, err := postgresShop(ctx, address)
	if err != nil {
		return err
	}
	defer ours.close()
	sample, err := ours.warm(ctx, callers)
	if err != nil {
		return err
	}
	conns, err := b.bestPool(ctx, address, callers, sample)
	if err != nil {
		return err
	}
	theirs, err := insertPostgres(ctx, address, conns, callers, sample)
	if err != nil {
		return err
	}
	defer theirs.close()
	return b.compare(ctx, fmt.Sprintf("%s (baseline: %d connections)", name, conns), callers, want, ours, theirs)
}

func (b *bench) bestPool(ctx context.Context, address string, callers int, sample eventstore.Record) (best int, err error) {
	var fastest float64
	for _, conns := range poolSizes {
		if conns > callers {
			break
		}
		plain, err := insertPostgres(ctx, address, conns, callers, sample)
		if err != nil {
			return 0, err
		}
		r, err := load(ctx, callers, b.probe, plain.do)
		plain.close()
		if err != nil {
			return 0, err
		}
		if r.perSecond > fastest {
			best, fastest = conns, r.perSecond
		}
	}
	return best, nil
}

func (b *bench) appendSQLite(ctx context.Context, name string, callers int, want bound) error {
	ourFolder, theirFolder, cleanUp, err := twoFolders()
	if err != nil {
		return err
	}
	defer cleanUp()
	ours, err := sqliteShop(ctx, ourFolder)
	if err != nil {
		return err
	}
	defer ours.close()
	sample, err := ours.warm(ctx, callers)
	if err != nil {
		return err
	}
	theirs, err := insertSQLite(ctx, theirFolder, callers, sample)
	if err != nil {
		return err
	}
	defer theirs.close()
	return b.compare(ctx, name, callers, want, ours, theirs)
}

func twoFolders() (first, second string, cleanUp func(), err error) {
	root, err := os.MkdirTemp("", "ordermill-bench-")
	return root + "/ours", root + "/theirs", func() { os.RemoveAll(root) }, err
}

// compare runs the rounds. One caller is judged by latency, several by throughput.
func (b *bench) compare(ctx context.Context, what string, callers int, want bound, ours *shop, theirs *inserter) error {
	receive := func(ctx context.Context, caller int) error { return ours.receive(ctx, caller, 1) }
	before, err := ours.events.Head(ctx)
	if err != nil {
		return err
	}
	var calls int64
	pairs, err := interleave(b.rounds,
		func() (rate, error) {
			r, err := load(ctx, callers, b.round, receive)
			calls += int64(r.calls)
			return r, err
		},
		func() (rate, error) { return load(ctx, callers, b.round, theirs.do) })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	after, err := ours.events.Head(ctx)
	if err != nil {
		return err
	}
	if written := after.Position - before.Position; written != calls {
		return fmt.Errorf("%s: %d calls wrote %d events, so the comparison is not one event against one row", what, calls, written)
	}
	l := line{what: what, unit: "events/s", bound: want}
	if callers == 1 {
		l.unit = "µs"
	}
	for _, p := range pairs {
		if callers == 1 {
			l.ours, l.theirs = append(l.ours, micros(p.ours.latency)), append(l.theirs, micros(p.theirs.latency))
		} else {
			l.ours, l.theirs = append(l.ours, p.ours.perSecond), append(l.theirs, p.theirs.perSecond)
		}
	}
	b.print(l)
	return nil
}

// warm makes every caller's stream, writes to it once, and returns the last event as the baseline's sample.
func (s *shop) warm(ctx context.Context, callers int) (eventstore.Record, error) {
	if err := s.provide(ctx, 0, slices.Repeat([]int64{1}, callers)); err != nil {
		return eventstore.Record{}, err
	}
	if err := s.receive(ctx, 0, 1); err != nil {
		return eventstore.Record{}, err
	}
	last, err := s.events.Read(ctx, eventstore.Query{Latest: true, Limit: 1})
	if err != nil {
		return eventstore.Record{}, err
	}
	return last[0], nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
