package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// operation is one call by one of the callers, numbered from 0.
type operation func(ctx context.Context, caller int) error

// rate is what a number of callers got through in a while.
type rate struct {
	calls     int
	perSecond float64
	latency   time.Duration // median of a call
	slow      time.Duration // 99 of 100 calls take at most so long
}

// load lets callers repeat an operation for a while. Calls under way at the end are waited for and counted.
func load(ctx context.Context, callers int, while time.Duration, do operation) (rate, error) {
	var wg sync.WaitGroup
	took, failed := make([][]time.Duration, callers), make([]error, callers)
	begin := time.Now()
	for caller := range callers {
		wg.Go(func() {
			for last := begin; last.Sub(begin) < while; {
				if failed[caller] = do(ctx, caller); failed[caller] != nil {
					return
				}
				now := time.Now()
				took[caller] = append(took[caller], now.Sub(last))
				last = now
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(begin)
	for caller, err := range failed {
		if err != nil {
			return rate{}, fmt.Errorf("caller %d of %d: %w", caller, callers, err)
		}
	}
	all := slices.Concat(took...)
	return rate{calls: len(all), perSecond: float64(len(all)) / elapsed.Seconds(), latency: median(all), slow: p99(all)}, nil
}

// pair is one round of two contenders, one right after the other.
type pair struct{ ours, theirs rate }

// interleave runs rounds of both contenders, the one that goes first taking turns, so that a slow minute of the machine
// meets both.
func interleave(rounds int, ours, theirs func() (rate, error)) ([]pair, error) {
	var pairs []pair
	for round := range rounds {
		var p pair
		var err error
		first, second, intoFirst, intoSecond := ours, theirs, &p.ours, &p.theirs
		if round%2 == 1 {
			first, second, intoFirst, intoSecond = theirs, ours, &p.theirs, &p.ours
		}
		if *intoFirst, err = first(); err != nil {
			return nil, err
		}
		if *intoSecond, err = second(); err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// p99 is the shortest time that 99 of 100 values do not exceed.
func p99(values []time.Duration) time.Duration {
	if len(values) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(values))[(99*len(values)+99)/100-1]
}
