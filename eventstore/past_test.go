package eventstore_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

// written is a log in memory.
type written []eventstore.Record

func (w written) Read(_ context.Context, q eventstore.Query) (found []eventstore.Record, err error) {
	for _, r := range w {
		if r.Position > q.After && (q.Stream == "" || r.Stream == q.Stream && r.Version > q.AfterVersion) {
			found = append(found, r)
		}
	}
	if q.Latest {
		return found[max(0, len(found)-q.Limit):], nil
	}
	return found[:min(q.Limit, len(found))], nil
}

func TestPositionAt_isTheLastRecordedByThen(t *testing.T) {
	var log written
	for i, ms := range []int64{10, 10, 20, 20, 20, 30, 50} {
		log = append(log, eventstore.Record{Position: int64(i + 1), RecordedAt: time.UnixMilli(ms)})
	}
	for at, want := range map[time.Time]int64{
		time.UnixMilli(9): 0, time.UnixMilli(10): 2, time.UnixMilli(20).Add(-time.Nanosecond): 2, time.UnixMilli(20): 5, time.UnixMilli(49): 6,
		time.UnixMilli(50): 7, time.UnixMilli(1 << 40): 7,
	} {
		for n := range log { // logs of every length
			got, err := eventstore.PositionAt(t.Context(), log[:n], at)
			require.NoError(t, err)
			require.Equal(t, min(want, int64(n)), got, "%s of %d", at, n)
		}
	}
}

func TestStreams_areOnePrefixInTheLogsOrder_howeverLong(t *testing.T) {
	var log written
	versions := map[string]int64{}
	for i := range int64(5000) {
		stream := []string{"a-1", "b-1", "a-2", "a-1"}[i*i%7%4]
		versions[stream]++
		log = append(log, eventstore.Record{Position: i + 1, Stream: stream, Version: versions[stream]})
	}
	for _, upTo := range []int64{0, 1, 7, 2000, 2001, 4999, 5000, math.MaxInt64} {
		var got, want []eventstore.Record
		for record, err := range eventstore.Streams(t.Context(), log, []string{"b-1", "a-1", "nobody-1"}, upTo) {
			require.NoError(t, err)
			got = append(got, record)
		}
		for _, record := range log {
			if record.Position <= upTo && record.Stream != "a-2" {
				want = append(want, record)
			}
		}
		require.Equal(t, want, got, upTo)
	}
	require.Greater(t, versions["a-1"], int64(1000), "the test needs a stream of several pages")
}

// broken is a log that cannot be read.
type broken struct{ error }

func (b broken) Read(context.Context, eventstore.Query) ([]eventstore.Record, error) {
	return nil, b.error
}

func TestStreams_endWithTheErrorOfTheLog(t *testing.T) {
	gone := errors.New("gone")
	var errs []error
	for _, err := range eventstore.Streams(t.Context(), broken{gone}, []string{"a-1"}, 1) {
		errs = append(errs, err)
	}
	require.Equal(t, []error{gone}, errs)
	_, err := eventstore.PositionAt(t.Context(), broken{gone}, time.Now())
	require.ErrorIs(t, err, gone)
}
