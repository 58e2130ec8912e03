package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/eventstore"
)

var concurrencyChecks = []check{
	{"Concurrent_plans_neverOverlap", plansNeverOverlap},
	{"Concurrent_writersWithRollbacks_readerSeesEveryPositionOnceInOrder", writersBesideAReader},
	{"Concurrent_racersForOneUnit_oneWinner", racersForOneUnit},
	{"Concurrent_twins_doneOnce", concurrentTwins},
}

// processes gives one store, or two if the log can be shared.
func processes(t T, log Log) []*eventstore.Store {
	all := []*eventstore.Store{store(t, log.Driver)}
	if log.Twin != nil {
		all = append(all, store(t, log.Twin(t)))
	}
	return all
}

func plansNeverOverlap(t T, log Log) {
	drivers := []eventstore.Driver{log.Driver}
	if log.Twin != nil {
		drivers = append(drivers, log.Twin(t))
	}
	var inside, done atomic.Int64
	var group errgroup.Group
	for i := range 16 {
		group.Go(func() error {
			for range scaled(20) {
				var problem error
				stream := "count-1"
				err := drivers[i%len(drivers)].Append(t.Context(), eventstore.Lookup{Streams: []string{stream}}, func(found eventstore.Snapshot) eventstore.Rows {
					if inside.Add(1) != 1 {
						problem = errors.New("two appends hold the lock at once")
					}
					defer inside.Add(-1)
					if n := done.Add(1) - 1; found.Tail.Position != n || found.Versions[stream] != n {
						problem = fmt.Errorf("after %d appends the snapshot shows position %d, version %d", n, found.Tail.Position, found.Versions[stream])
					}
					e := event(stream)
					return eventstore.Rows{Records: []eventstore.Record{{Position: found.Tail.Position + 1, Stream: stream, Version: found.Versions[stream] + 1, EventID: e.ID,
						Type: e.Type, SchemaVersion: 1, CommandID: uuid.New(), Data: e.Data, Metadata: e.Metadata, RecordedAt: found.Tail.RecordedAt}}}
				})
				if err := errors.Join(err, problem); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

func writersBesideAReader(t T, log Log) {
	stores := processes(t, log)
	first := writeOne("first-1", 0)
	must(t, stores[0], first)
	var written atomic.Int64
	written.Store(1)
	var writers errgroup.Group
	for w := range 64 {
		writers.Go(func() error {
			n, err := competingWriter(t.Context(), stores[w%len(stores)], first.Events[0].ID, rand.New(rand.NewPCG(1, uint64(w))))
			written.Add(n)
			return err
		})
	}
	finished := make(chan error, 1)
	go func() { finished <- writers.Wait() }()

	var seen []eventstore.Record
	reader, over := stores[len(stores)-1], false
	for {
		page, err := reader.Read(t.Context(), eventstore.Query{After: int64(len(seen)), Limit: 50})
		require.NoError(t, err)
		for _, r := range page {
			require.Equal(t, int64(len(seen)+1), r.Position, "the reader sees every position once and in order")
			seen = append(seen, r)
		}
		if len(page) > 0 {
			continue
		}
		if over {
			break
		}
		select {
		case err := <-finished:
			require.NoError(t, err)
			over = true // one more look
		default:
		}
	}
	require.Equal(t, written.Load(), int64(len(seen)), "the reader saw as many records as the writers were told")
	require.Equal(t, whole(t, stores[0]), seen)
}

// competingWriter writes to a stream of its own and to a few shared ones, guessing versions, and every now and then
// something impossible. It returns how many records it was told are in the log.
func competingWriter(ctx context.Context, s *eventstore.Store, taken uuid.UUID, random *rand.Rand) (written int64, err error) {
	versions, own := map[string]int64{}, "own-"+uuid.NewString()
	for i := range scaled(30) {
		a, b := fmt.Sprintf("shared-%d", random.IntN(6)), fmt.Sprintf("shared-%d", random.IntN(6))
		if i%3 == 0 {
			a, b = own, own
		}
		good := write(map[string]int64{a: versions[a], b: versions[b]})
		batch := []eventstore.Request{with(good, "w", uuid.NewString(), "f", "r")}
		if i%5 == 0 {
			bad := writeOne("bad-1", 0)
			bad.Events[0].ID = taken
			batch = append(batch, bad)
		}
		outcomes, err := s.Append(ctx, batch)
		if err != nil {
			return written, err
		}
		switch o := outcomes[0].(type) {
		case eventstore.Appended:
			written += o.Last - o.First + 1
			for stream := range good.Expected {
				versions[stream]++
			}
		case eventstore.WrongVersion:
			versions[o.Stream] = o.Actual
		case eventstore.Duplicate, eventstore.KeyConflict, eventstore.Failed:
			return written, fmt.Errorf("unexpected outcome %#v", o)
		}
		if len(batch) == 2 {
			if _, failed := outcomes[1].(eventstore.Failed); !failed {
				return written, fmt.Errorf("the impossible request came out as %#v", outcomes[1])
			}
		}
	}
	return written, nil
}

// racersForOneUnit: fifty buyers hold the same last unit of two SKUs at once, each for an order of their own.
func racersForOneUnit(t T, log Log) {
	stores := processes(t, log)
	must(t, stores[0], writeOne("sku-a", 0), writeOne("sku-b", 0))
	for round := range int64(scaled(10)) {
		var winners, losers atomic.Int64
		var racers errgroup.Group
		var start sync.WaitGroup
		start.Add(1)
		for i := range 50 {
			racers.Go(func() error {
				start.Wait()
				r := write(map[string]int64{fmt.Sprintf("order-%d.%d", round, i): 0, "sku-a": round + 1, "sku-b": round + 1})
				outcomes, err := stores[i%len(stores)].Append(t.Context(), []eventstore.Request{r})
				if err != nil {
					return err
				}
				switch o := outcomes[0].(type) {
				case eventstore.Appended:
					winners.Add(1)
				case eventstore.WrongVersion:
					losers.Add(1)
				case eventstore.Duplicate, eventstore.KeyConflict, eventstore.Failed:
					return fmt.Errorf("unexpected outcome %#v", o)
				}
				return nil
			})
		}
		start.Done()
		require.NoError(t, racers.Wait())
		require.Equal(t, int64(1), winners.Load(), "one unit, one winner")
		require.Equal(t, int64(49), losers.Load())
	}
	require.Len(t, whole(t, stores[0]), 2+3*scaled(10))
}

func concurrentTwins(t T, log Log) {
	stores := processes(t, log)
	for round := range scaled(10) {
		key := fmt.Sprint("k", round)
		var firsts, again atomic.Int64
		var twins errgroup.Group
		for i := range 16 {
			twins.Go(func() error {
				r := with(writeOne(fmt.Sprintf("order-%d.%d", round, i), 0), "s", key, "f", fmt.Sprint("answer ", round))
				outcomes, err := stores[i%len(stores)].Append(t.Context(), []eventstore.Request{r})
				if err != nil {
					return err
				}
				switch o := outcomes[0].(type) {
				case eventstore.Appended:
					firsts.Add(1)
				case eventstore.Duplicate:
					if string(o.Receipt.Response) != fmt.Sprint("answer ", round) {
						return fmt.Errorf("the twin was answered %q", o.Receipt.Response)
					}
					again.Add(1)
				case eventstore.WrongVersion, eventstore.KeyConflict, eventstore.Failed:
					return fmt.Errorf("unexpected outcome %#v", o)
				}
				return nil
			})
		}
		require.NoError(t, twins.Wait())
		require.Equal(t, int64(1), firsts.Load())
		require.Equal(t, int64(15), again.Load())
	}
}
