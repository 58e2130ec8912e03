package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/demo"
)

type demoCommand struct {
	Orders int           `help:"Instead of the stories, place so many orders that are paid at once." placeholder:"N"`
	Rate   int           `help:"Instead of the stories, place so many orders a second; without it, as many as go." placeholder:"N"`
	For    time.Duration `help:"Instead of the stories, place orders for so long." placeholder:"DURATION"`
}

// Run tells twenty stories, or makes load. It needs a shop with the demo catalogue: dev, or serve --demo.
func (c *demoCommand) Run(s *session) error {
	if c.Orders < 0 || c.Rate < 0 || c.For < 0 {
		return usage("--orders, --rate and --for are more than nothing")
	}
	if c.Rate > 0 && c.Orders == 0 && c.For == 0 {
		return usage("--rate needs --orders or --for: how long shall it go on?")
	}
	server := s.client()
	defer server.Close()
	run := uuid.NewString()[:8]
	if c.Orders > 0 || c.For > 0 {
		return c.load(s, server, run)
	}
	return s.tell(server, run)
}

// kitesForStories is more than the stories need.
const kitesForStories = 30

// tell tells all stories side by side, and prints each as it ends.
func (s *session) tell(server *client.Client, run string) error {
	if err := demo.Stock(s.ctx, server, run, kitesForStories); err != nil {
		return err
	}
	if err := demo.Simulated(s.ctx, server, run); err != nil {
		return err
	}
	_ = s.note("%d stories are told side by side; deadlines take some seconds.", len(demo.Stories))
	var printing sync.Mutex
	var amiss atomic.Int64
	telling, ctx := errgroup.WithContext(s.ctx)
	for number := range demo.Stories {
		telling.Go(func() error {
			told, err := demo.Tell(ctx, server, run, number)
			if err != nil {
				return err
			}
			printing.Lock()
			defer printing.Unlock()
			mark := "ok"
			if !told.OK {
				mark = "NOT"
				amiss.Add(1)
			}
			return s.say(told, "%-3s  %-42s %-60s http://%s%s", mark, told.Story, told.End, s.addr, told.Path)
		})
	}
	if err := telling.Wait(); err != nil {
		return err
	}
	if n := amiss.Load(); n > 0 {
		return &exitError{exitFailed, fmt.Errorf("%d of %d stories did not end as they should; is the shop's demo on?", n, len(demo.Stories))}
	}
	return s.note("All %d stories ended as they should.", len(demo.Stories))
}

// buyers is how many orders of a load are under way at once.
const buyers = 64

// loaded is what a load came to.
type loaded struct {
	Placed    int64   `json:"placed"`
	Refused   int64   `json:"refused"` // not taken, such as by a copy that was ended meanwhile
	Confirmed int64   `json:"confirmed"`
	Seconds   float64 `json:"seconds"` // until the last one was placed
	PerSecond float64 `json:"per_second"`
}

// load places orders, tells how it goes, and waits until all that were taken are confirmed.
func (c *demoCommand) load(s *session, server *client.Client, run string) error {
	if err := demo.Stock(s.ctx, server, run, 1_000_000); err != nil {
		return err
	}
	if err := demo.Simulated(s.ctx, server, run); err != nil {
		return err
	}
	ctx := s.ctx
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	var done loaded
	var ids sync.Map
	begin := time.Now()
	numbers := c.numbers(ctx)
	var buying sync.WaitGroup
	for range buyers {
		buying.Go(func() {
			for number := range numbers {
				id, err := demo.Order(s.ctx, server, run, number)
				if err != nil {
					atomic.AddInt64(&done.Refused, 1)
					continue
				}
				ids.Store(id, true)
				atomic.AddInt64(&done.Placed, 1)
			}
		})
	}
	stop := s.every(time.Second, func() {
		_ = s.note("%d placed, %d not taken", atomic.LoadInt64(&done.Placed), atomic.LoadInt64(&done.Refused))
	})
	buying.Wait()
	stop()
	done.Seconds = time.Since(begin).Seconds()
	done.PerSecond = float64(done.Placed) / done.Seconds
	var err error
	if done.Confirmed, err = s.confirmed(server, &ids); err != nil {
		return err
	}
	if err := s.say(done, "%d orders placed in %.1f s (%.0f/s), %d not taken, %d confirmed", done.Placed, done.Seconds, done.PerSecond, done.Refused, done.Confirmed); err != nil {
		return err
	}
	if done.Confirmed != done.Placed {
		return &exitError{exitFailed, errors.New("an order that was placed was not confirmed")}
	}
	return nil
}

// numbers hands out the orders' numbers at the rate that was asked for, until there are enough or ctx ends.
func (c *demoCommand) numbers(ctx context.Context) <-chan int {
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		begin := time.Now()
		for n := 0; c.Orders == 0 || n < c.Orders; n++ {
			if c.Rate > 0 {
				due := begin.Add(time.Duration(n) * time.Second / time.Duration(c.Rate))
				select {
				case <-time.After(time.Until(due)):
				case <-ctx.Done():
					return
				}
			}
			select {
			case numbers <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	return numbers
}

// restAtMost bounds the wait for orders that were placed.
const restAtMost = 2 * time.Minute

// confirmed waits until each of the orders is confirmed, and counts those that are.
func (s *session) confirmed(server *client.Client, ids *sync.Map) (int64, error) {
	ctx, cancel := context.WithTimeout(s.ctx, restAtMost)
	defer cancel()
	var count atomic.Int64
	looking, ctx := errgroup.WithContext(ctx)
	looking.SetLimit(buyers)
	ids.Range(func(id, _ any) bool {
		looking.Go(func() error {
			for ctx.Err() == nil {
				o, err := server.Order(ctx, id.(string))
				var problem *v1.Problem
				switch {
				case err == nil && o.Status == "confirmed":
					count.Add(1)
					return nil
				case err != nil && !errors.As(err, &problem) && ctx.Err() == nil:
					return err
				}
				select {
				case <-ctx.Done():
				case <-time.After(lookEvery):
				}
			}
			return nil
		})
		return true
	})
	err := looking.Wait()
	return count.Load(), err
}

// every calls tell now and then, until stop.
func (s *session) every(interval time.Duration, tell func()) (stop func()) {
	ticker, over := time.NewTicker(interval), make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		for {
			select {
			case <-ticker.C:
				tell()
			case <-over:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(over)
		telling.Wait()
	}
}
