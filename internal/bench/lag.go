package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ordermill/app"
)

// lagRounds is for how many rounds' time the buyers go on, and lagEvery how often the checkout is looked at meanwhile.
const (
	lagRounds = 6
	lagEvery  = 50 * time.Millisecond
)

// lag lets the buyers buy without a pause, and looks at how far the checkout is behind the log: it must not fall further and
// further behind. The row compares the last third of the time with the first.
func (b *bench) lag(ctx context.Context, name string, m *mill) error {
	if _, err := m.atRest(ctx); err != nil {
		return err
	}
	over := time.Now().Add(lagRounds * b.round)
	var buying errgroup.Group
	for range buyers {
		buying.Go(func() error {
			for time.Now().Before(over) {
				if err := m.buy(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var behind []float64 // events
	look := time.NewTicker(lagEvery)
	defer look.Stop()
	for now := time.Now(); now.Before(over); now = <-look.C {
		lag, err := m.lagOf(ctx, app.CheckoutName)
		if err != nil {
			return err
		}
		behind = append(behind, lag)
	}
	if err := buying.Wait(); err != nil {
		return err
	}
	third := len(behind) / 3
	begin, middle, end := median(behind[:third]), median(behind[third:2*third]), median(behind[2*third:])
	b.print(line{what: fmt.Sprintf("%s (middle: %.0f, most: %.0f; baseline: begin)", name, middle, slices.Max(behind)), unit: "events",
		ours: []float64{end}, theirs: []float64{max(begin, 1)}, bound: bound{atMost: true, must: 1.5}})
	return nil
}

func (b *bench) lagPostgres(ctx context.Context, name string) error {
	m, err := b.millOnPostgres(ctx)
	if err != nil {
		return err
	}
	defer m.close()
	return b.lag(ctx, name, m)
}

// lagOf is how many events a reactor is behind, or a few more: the log grows while one looks.
func (m *mill) lagOf(ctx context.Context, name string) (float64, error) {
	consumers, err := m.Consumers(ctx)
	if err != nil {
		return 0, err
	}
	models, err := m.Projections(ctx)
	if err != nil {
		return 0, err
	}
	for _, c := range consumers {
		if c.Name == name {
			return float64(models[0].Position + models[0].Lag - c.Checkpoint), nil
		}
	}
	return 0, fmt.Errorf("there is no %s", name)
}
