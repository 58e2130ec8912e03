package main

import (
	"context"
	"fmt"
)

// mebibyte is the unit in which memory is told.
const mebibyte = 1 << 20

// maxResident is what a process may take while it builds read models, in MiB.
const maxResident = 512

// rebuild compares building read models from a log with only reading that log in pages, each in a process of its own.
func (b *bench) rebuild(ctx context.Context, name string) error {
	address, err := b.newDatabase(ctx)
	if err != nil {
		return err
	}
	s, err := postgresShop(ctx, address)
	if err != nil {
		return err
	}
	defer s.close()
	l, err := newLongLog(ctx, s.events)
	if err != nil {
		return err
	}
	if _, err := b.lengthen(ctx, l, b.long); err != nil {
		return err
	}
	for _, c := range []struct {
		what   string
		models []string
		bound  bound
	}{
		{"orders", []string{"orders"}, bound{atMost: true, must: 2.5, aim: 2}},
		{"all read models at once", allModels, bound{atMost: true, must: 3}},
	} {
		if err := b.rebuildModels(ctx, name, address, c.what, c.models, c.bound); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) rebuildModels(ctx context.Context, name, address, what string, models []string, want bound) error {
	var events, peak int64
	once := func(models []string) func() (rate, error) {
		return func() (rate, error) {
			d, err := apart(ctx, job{Store: address, Models: models})
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
	b.print(line{what: fmt.Sprintf("%s, %s: resident memory", name, what), unit: "MiB",
		ours: []float64{float64(peak) / mebibyte}, theirs: []float64{maxResident}, bound: bound{atMost: true, must: 1}})
	return nil
}
