package projections

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

// logOf is a log of so many records of nobody's, which counts how often each page of it is read.
type logOf struct {
	eventstore.Driver // what is not asked for here
	length            int64
	hang              chan struct{} // if there is one, a read tells that it has begun, and ends with its context

	mu    sync.Mutex
	reads map[int64]int // by the position they begin after
}

func (l *logOf) LogID() uuid.UUID { return uuid.Nil }

func (l *logOf) Listen(ctx context.Context, _ func(int64)) error { <-ctx.Done(); return ctx.Err() }

func (l *logOf) Close() error { return nil }

func (l *logOf) Read(ctx context.Context, q eventstore.Query) (records []eventstore.Record, err error) {
	l.mu.Lock()
	l.reads[q.After]++
	hang := l.hang
	l.hang = nil
	l.mu.Unlock()
	if hang != nil {
		close(hang)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for at := q.After + 1; at <= min(q.After+int64(q.Limit), l.length); at++ {
		records = append(records, eventstore.Record{Position: at, Type: "unheard-of"})
	}
	return records, nil
}

func readerOf(t *testing.T, l *logOf) *Reader {
	l.reads = map[int64]int{}
	store := eventstore.New(l)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return NewReader(store)
}

const pageSize = 10

// walk goes through a log and returns the events.
func walk(ctx context.Context, lane *lane, last int64, each func(*logPage)) (events []*logEvent, err error) {
	defer lane.close()
	for at := int64(0); ; {
		p, err := lane.page(ctx, at, last)
		if err != nil || len(p.events) == 0 {
			return events, err
		}
		for i := range p.events {
			events = append(events, &p.events[i])
		}
		at = p.last()
		each(p)
	}
}

func TestReader_buildsSideBySide_shareEachPage(t *testing.T) {
	l := &logOf{length: 40 * pageSize}
	r := readerOf(t, l)
	lanes := []*lane{r.lane(0, pageSize, true), r.lane(0, pageSize, true), r.lane(0, pageSize, true)}
	var all [3][]*logEvent
	var most int
	var walking sync.WaitGroup
	for i, lane := range lanes {
		walking.Go(func() {
			events, err := walk(t.Context(), lane, l.length, func(*logPage) {
				r.mu.Lock()
				defer r.mu.Unlock()
				most = max(most, len(r.pages))
			})
			if err != nil {
				t.Error(err)
			}
			all[i] = events
		})
	}
	walking.Wait()
	require.Len(t, all[0], int(l.length))
	require.Equal(t, l.length, all[0][l.length-1].Position)
	for at := range l.length {
		require.Same(t, all[0][at], all[1][at], "decoded once for all")
		require.Same(t, all[0][at], all[2][at])
	}
	for after, reads := range l.reads {
		require.Equal(t, 1, reads, "the page after %d", after)
	}
	require.LessOrEqual(t, most, window+2, "pages in memory")
	require.Empty(t, r.pages, "nobody wants them any more")
}

func TestReader_waitsForTheOneJustBehind_andForNoOther(t *testing.T) {
	r := readerOf(t, &logOf{})
	slow, fast := r.lane(1000, pageSize, true), r.lane(1000, pageSize, true)
	for gap, waits := range map[int64]bool{
		-pageSize: false, 0: false, (window - 1) * pageSize: false, (window-1)*pageSize + 1: true, window * pageSize: true,
		window*pageSize + 1: false, 100 * pageSize: false,
	} {
		fast.next = slow.next + gap
		require.Equal(t, waits, r.awaited(fast), "%d ahead", gap)
		require.False(t, r.awaited(slow), "the last one waits for nobody")
	}
	fast.next = slow.next + window*pageSize
	slow.close()
	require.False(t, r.awaited(fast), "nor anybody for one that has ended")
}

func TestReader_slowBuild_losesNothing(t *testing.T) {
	l := &logOf{length: 30 * pageSize}
	r := readerOf(t, l)
	slow, fast := r.lane(0, pageSize, true), r.lane(0, pageSize, true)
	turn := make(chan struct{})
	var walking sync.WaitGroup
	walking.Go(func() {
		events, err := walk(t.Context(), slow, l.length, func(*logPage) { <-turn })
		if err != nil || int64(len(events)) != l.length {
			t.Errorf("%d events, %v", len(events), err)
		}
	})
	var got []int64
	events, err := walk(t.Context(), fast, l.length, func(p *logPage) {
		got = append(got, p.last())
		if len(got) >= window-1 { // it can go no further unless the slow one does
			turn <- struct{}{}
		}
	})
	close(turn)
	walking.Wait()
	require.NoError(t, err)
	require.Len(t, events, int(l.length))
	require.Len(t, l.reads, 30)
	for after, reads := range l.reads {
		require.Equal(t, 1, reads, "the page after %d", after)
	}
}

func TestReader_endedBuild_leavesTheOthersTheirPages(t *testing.T) {
	hang := make(chan struct{})
	l := &logOf{length: 3 * pageSize, hang: hang}
	r := readerOf(t, l)
	ended, stays := r.lane(0, pageSize, true), r.lane(0, pageSize, true)
	ctx, end := context.WithCancel(t.Context())
	var walking sync.WaitGroup
	walking.Go(func() {
		if _, err := walk(ctx, ended, l.length, func(*logPage) {}); ctx.Err() == nil || err == nil {
			t.Error("it was to end", err)
		}
	})
	<-hang // ended reads, and stays waits for the same page
	walking.Go(func() {
		events, err := walk(t.Context(), stays, l.length, func(*logPage) {})
		if err != nil || int64(len(events)) != l.length {
			t.Errorf("%d events, %v", len(events), err)
		}
	})
	end()
	walking.Wait()
}

func TestSeen_neverForgetsAKey(t *testing.T) {
	s := newSeen()
	const keys = 100_000
	for i := range keys {
		s.add(hashOf(fmt.Sprint("order-", i)))
	}
	wrong := 0
	for i := range keys {
		require.False(t, s.certainlyNot(hashOf(fmt.Sprint("order-", i))))
		if !s.certainlyNot(hashOf(fmt.Sprint("new-", i))) {
			wrong++
		}
	}
	require.Less(t, wrong, keys/1000, "new keys that are taken for old ones")
	require.False(t, seen(nil).certainlyNot(1), "one that knows of no key rules none out")
}
