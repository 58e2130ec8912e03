package api_test

import (
	"context"
	"sync"

	"ordermill/eventstore"
)

// fakeLog is a log in memory that tells its watchers of what is appended.
type fakeLog struct {
	mu       sync.Mutex
	records  []eventstore.Record
	watchers map[chan struct{}]bool
	watching chan int // how many watch, whenever that changes
	err      error
	frozen   *freezer
}

func newFakeLog() *fakeLog {
	return &fakeLog{watchers: map[chan struct{}]bool{}, watching: make(chan int, 100)}
}

func (l *fakeLog) append(records ...eventstore.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, records...)
	for c := range l.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (l *fakeLog) Read(ctx context.Context, q eventstore.Query) ([]eventstore.Record, error) {
	if err := l.frozen.wait(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, l.err
	}
	var found []eventstore.Record
	for _, r := range l.records {
		matches := r.Position > q.After
		if q.Stream != "" {
			matches = r.Stream == q.Stream && r.Version > q.AfterVersion
		}
		if matches && (q.Latest || len(found) < q.Limit) {
			found = append(found, r)
		}
		if len(found) > q.Limit {
			found = found[1:]
		}
	}
	return found, nil
}

func (l *fakeLog) Head(ctx context.Context) (eventstore.Tail, error) {
	if err := l.frozen.wait(ctx); err != nil {
		return eventstore.Tail{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.records) == 0 || l.err != nil {
		return eventstore.Tail{}, l.err
	}
	last := l.records[len(l.records)-1]
	return eventstore.Tail{Position: last.Position, EventID: last.EventID, RecordedAt: last.RecordedAt}, nil
}

func (l *fakeLog) Watch() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[c] = true
	l.watching <- len(l.watchers)
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, c)
		l.watching <- len(l.watchers)
	}
}
