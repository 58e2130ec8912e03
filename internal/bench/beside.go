package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ordermill/internal/program"
)

// commandsPerSecond come in beside a rebuild, whether or not those before have been answered.
const commandsPerSecond = 200

// besideRebuild compares how long commands take while read models are built anew, in the same process and from the same database, with
// how long they take otherwise.
func (b *bench) besideRebuild(ctx context.Context, name string) error {
	address, events, err := b.longShop(ctx, b.long)
	if err != nil {
		return err
	}
	m, err := startCopy(ctx, program.Config{Store: address, Roles: []program.Role{program.API, program.Projector}})
	if err != nil {
		return err
	}
	defer m.close()
	for _, model := range allModels { // all are built for the first time
		if err := m.program.WaitFor(ctx, model, events); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		what   string
		models []string
	}{{"orders", []string{"orders"}}, {"all read models", allModels}} {
		built := 0
		pairs, err := interleave(b.rebuilds,
			func() (rate, error) {
				stop := m.rebuildOverAndOver(ctx, c.models)
				r, err := m.placeSteadily(ctx, b.steady)
				n, failed := stop()
				built += n
				return r, errors.Join(err, failed)
			},
			func() (rate, error) { return m.placeSteadily(ctx, b.steady) })
		if err != nil {
			return err
		}
		l := line{unit: "µs", bound: bound{atMost: true, must: 2},
			what: fmt.Sprintf("%s of %s, p99 of %d/s, %d events, %d built (baseline: none)", name, c.what, commandsPerSecond, events, built)}
		for _, p := range pairs {
			l.ours, l.theirs = append(l.ours, micros(p.ours.slow)), append(l.theirs, micros(p.theirs.slow))
		}
		b.print(l)
	}
	return nil
}

// rebuildOverAndOver builds read models anew, all at once and again when they are done, until it is told to stop. It then waits for the
// last ones, and tells how many there were.
func (m *mill) rebuildOverAndOver(ctx context.Context, models []string) (stop func() (built int, err error)) {
	stopped := make(chan struct{})
	var building sync.WaitGroup
	built, failed := make([]int, len(models)), make([]error, len(models))
	for i, model := range models {
		building.Go(func() {
			for failed[i] == nil && ctx.Err() == nil {
				if failed[i] = m.rebuildOnce(ctx, model); failed[i] == nil {
					built[i]++
				}
				select {
				case <-stopped:
					return
				default:
				}
			}
		})
	}
	return func() (int, error) {
		close(stopped)
		building.Wait()
		sum := 0
		for _, n := range built {
			sum += n
		}
		return sum, errors.Join(failed...)
	}
}

func (m *mill) rebuildOnce(ctx context.Context, model string) error {
	if _, err := m.StartRebuild(ctx, model); err != nil {
		return err
	}
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		state, err := m.Rebuild(ctx, model)
		switch {
		case err != nil:
			return err
		case state.Status == "done":
			return nil
		case state.Status != "running":
			return fmt.Errorf("rebuild of %s: %s: %s", model, state.Status, state.Error)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// placeSteadily places orders at moments that nothing moves, for a while. What an order takes counts from its moment.
func (m *mill) placeSteadily(ctx context.Context, while time.Duration) (r rate, err error) {
	n := int(while.Seconds() * commandsPerSecond)
	took, failed := make([]time.Duration, n), make([]error, n)
	var placing sync.WaitGroup
	begin := time.Now()
	for i := range n {
		due := begin.Add(time.Duration(i) * time.Second / commandsPerSecond)
		timer := time.NewTimer(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			placing.Wait()
			return r, ctx.Err()
		}
		placing.Go(func() {
			_, failed[i] = m.place(ctx)
			took[i] = time.Since(due)
		})
	}
	placing.Wait()
	return rate{calls: n, latency: median(took), slow: p99(took)}, errors.Join(failed...)
}
