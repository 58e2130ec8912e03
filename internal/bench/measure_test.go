package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLoad_countsEveryCall(t *testing.T) {
	calls := make([]int, 4)
	r, err := load(t.Context(), len(calls), 20*time.Millisecond, func(_ context.Context, caller int) error {
		calls[caller]++
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, calls[0]+calls[1]+calls[2]+calls[3], r.calls)
	require.Positive(t, r.perSecond)
}

func TestLoad_oneFailure_isTheResult(t *testing.T) {
	failure := errors.New("no")
	_, err := load(t.Context(), 2, time.Millisecond, func(_ context.Context, caller int) error {
		if caller == 1 {
			return failure
		}
		return nil
	})
	require.ErrorIs(t, err, failure)
	require.ErrorContains(t, err, "caller 1 of 2")
}

func TestInterleave_takesTurns(t *testing.T) {
	var order string
	pairs, err := interleave(3,
		func() (rate, error) { order += "o"; return rate{perSecond: 1}, nil },
		func() (rate, error) { order += "t"; return rate{perSecond: 2}, nil })
	require.NoError(t, err)
	require.Equal(t, "ottoot", order)
	for _, p := range pairs {
		require.Equal(t, pair{ours: rate{perSecond: 1}, theirs: rate{perSecond: 2}}, p)
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, median([]float64{3, 1, 2}))
	require.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
	require.Zero(t, median([]float64{}))
}

func TestP99_leavesOneOfAHundredOut(t *testing.T) {
	var values []time.Duration
	for i := range 200 {
		values = append(values, time.Duration(200-i))
	}
	require.Equal(t, time.Duration(198), p99(values))
	require.Equal(t, time.Duration(199), p99(values[:100]))
	require.Equal(t, time.Duration(200), p99(values[:1]))
	require.Zero(t, p99(nil))
}

func TestBound_verdict(t *testing.T) {
	throughput, latency := bound{must: 1.5, aim: 2.5}, bound{atMost: true, must: 2, aim: 1.3}
	require.Equal(t, "MISSED", throughput.verdict(1.49))
	require.Equal(t, "kept", throughput.verdict(1.5))
	require.Equal(t, "aim reached", throughput.verdict(2.5))
	require.Equal(t, "MISSED", latency.verdict(2.01))
	require.Equal(t, "kept", latency.verdict(2))
	require.Equal(t, "aim reached", latency.verdict(1.3))
	require.Equal(t, "kept", bound{must: 0.5}.verdict(0.5))
	require.Empty(t, bound{}.verdict(0.1))
}

func TestLine_ratioByRound(t *testing.T) {
	l := line{what: "x", unit: "events/s", ours: []float64{2, 9, 4}, theirs: []float64{1, 3, 1}, bound: bound{must: 2, aim: 4}}
	require.Regexp(t, `^x +4 +1 events/s +3\.00 +2\.00\.\.4\.00  at least 2\.0, aim 4\.0 +kept\n$`, l.String())
}
