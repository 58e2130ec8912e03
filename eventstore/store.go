package eventstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Store is the log over one database. It is safe for many goroutines.
type Store struct {
	driver Driver
	now    func() time.Time

	mu       sync.Mutex
	watchers map[chan struct{}]struct{}
	head     int64
	recent   []Record // neighbours in the log, appended by this process; never changed once they are here

	stop context.CancelFunc
	done chan struct{}
}

// Option changes how a Store is opened.
type Option func(*Store)

// WithClock replaces the wall clock that stamps recorded_at.
func WithClock(now func() time.Time) Option { return func(s *Store) { s.now = now } }

// New makes a Store over a driver and starts listening for other processes' appends until Close.
func New(driver Driver, options ...Option) *Store {
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{driver: driver, now: time.Now, watchers: map[chan struct{}]struct{}{}, stop: stop, done: make(chan struct{})}
	for _, option := range options {
		option(s)
	}
	go s.listen(ctx)
	return s
}

// LogID is the log's own UUID.
func (s *Store) LogID() uuid.UUID { return s.driver.LogID() }

// Read returns records in order, at most query.Limit of them.
func (s *Store) Read(ctx context.Context, query Query) ([]Record, error) {
	if query.Limit < 1 || query.Limit > MaxPage {
		return nil, fmt.Errorf("read: limit %d is not in 1..%d", query.Limit, MaxPage)
	}
	return s.driver.Read(ctx, query)
}

// Head returns the log's last record as a Tail; zero when the log is empty. It waits for no writer.
func (s *Store) Head(ctx context.Context) (Tail, error) {
	records, err := s.driver.Read(ctx, Query{Latest: true, Limit: 1})
	if err != nil || len(records) == 0 {
		return Tail{}, err
	}
	last := records[0]
	s.raise(last.Position)
	return Tail{Position: last.Position, EventID: last.EventID, RecordedAt: last.RecordedAt}, nil
}

// Known is the highest position this process has heard of; the log may be longer.
func (s *Store) Known() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// Watch returns a channel that gets a value soon after the log grows, in this process or, best effort, in another.
// Several appends may make one value. Call stop to end it.
func (s *Store) Watch() (grown <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	s.watchers[c] = struct{}{}
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.watchers, c)
		s.mu.Unlock()
	}
}

// raise makes head known and wakes the watchers if it is news.
func (s *Store) raise(head int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if head <= s.head {
		return
	}
	s.head = head
	for c := range s.watchers {
		select {
		case c <- struct{}{}:
		default: // it has a wake-up waiting already
		}
	}
}

func (s *Store) listen(ctx context.Context) {
	defer close(s.done)
	for ctx.Err() == nil {
		_ = s.driver.Listen(ctx, s.raise) // readers poll as well, so a lost connection costs a second at most
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// Close stops listening and closes the driver. Calls under way must have returned.
func (s *Store) Close() error {
	s.stop()
	<-s.done
	return s.driver.Close()
}
