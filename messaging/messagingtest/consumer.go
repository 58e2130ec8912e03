package messagingtest

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// patience bounds every wait for something that must happen.
const patience = 60 * time.Second

// consumer plays the consumer runtime over one feed.
type consumer struct {
	name string
	log  *Log
	hold chan struct{} // when not nil, deliver waits until it is closed

	mu         sync.Mutex
	changed    chan struct{} // closed and made anew at every change
	checkpoint eventstore.Checkpoint
	arrived    []int64 // what the feed brought, in order of arrival
	applied    []int64
	wrong      []subscription.Delivery // arrived, but not as the log has it

	cancel context.CancelFunc
	done   chan struct{}
}

func newConsumer(name string, log *Log) *consumer {
	return &consumer{name: name, log: log, changed: make(chan struct{}), checkpoint: eventstore.Checkpoint{LogID: log.id}}
}

// start runs the feed until stop, again after a pause whenever it returns, as the runtime does.
func (c *consumer) start(t testing.TB, transport messaging.Transport) {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.done = cancel, make(chan struct{})
	go func() {
		defer close(c.done)
		for {
			_ = transport.Feed().Run(ctx, c.name, c.at(), c.deliver)
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(c.stop)
}

// stop may be called again.
func (c *consumer) stop() {
	c.cancel()
	<-c.done
}

func (c *consumer) at() eventstore.Checkpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.checkpoint
}

func (c *consumer) deliver(ctx context.Context, d subscription.Delivery) error {
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { close(c.changed); c.changed = make(chan struct{}) }()
	c.arrived = append(c.arrived, d.Position)
	if known := c.log.after(d.Position - 1)[0]; !equal(known, d) {
		c.wrong = append(c.wrong, d)
	}
	switch {
	case d.Position <= c.checkpoint.Position:
	case d.Position == c.checkpoint.Position+1 && d.PreviousID == c.checkpoint.EventID:
		c.apply(d)
	default:
		for _, d := range c.log.after(c.checkpoint.Position) {
			c.apply(d)
		}
	}
	return nil
}

func (c *consumer) apply(d subscription.Delivery) {
	c.applied = append(c.applied, d.Position)
	c.checkpoint.Position, c.checkpoint.EventID = d.Position, d.EventID
}

// await waits until what holds.
func (c *consumer) await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		ok, changed := holds(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%s never came about: %s has its checkpoint at %d, %d records arrived", what, c.name, c.at().Position, len(c.arrived))
		}
	}
}

// awaitRecord waits until the feed itself has brought a record.
func (c *consumer) awaitRecord(t testing.TB, position int64) {
	t.Helper()
	c.await(t, "arrival of a record", func() bool { return slices.Contains(c.arrived, position) })
}

// connect publishes a record until the feed brings it: from then on the consumer is subscribed.
func (c *consumer) connect(t testing.TB, transport messaging.Transport, record subscription.Delivery) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !c.has(record.Position) {
		require.True(t, time.Now().Before(deadline), "the feed of %s never brought record %d", c.name, record.Position)
		publishUntilConfirmed(t, transport, []subscription.Delivery{record})
		c.arrival(50 * time.Millisecond)
	}
}

// has reports whether the feed has brought a record.
func (c *consumer) has(position int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.arrived, position)
}

// arrival waits for the next arrival, but not for long.
func (c *consumer) arrival(limit time.Duration) {
	c.mu.Lock()
	changed := c.changed
	c.mu.Unlock()
	select {
	case <-changed:
	case <-time.After(limit):
	}
}

// verify checks that every record of the log was applied once, in order, and that none was changed on its way.
func (c *consumer) verify(t testing.TB) {
	t.Helper()
	head := c.log.head()
	c.await(t, "the head of the log", func() bool { return c.checkpoint.Position == head })
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Empty(t, c.wrong, "records that changed on their way")
	require.Len(t, c.applied, int(head))
	for i, position := range c.applied {
		require.EqualValues(t, i+1, position)
	}
}

// ascending checks that nothing arrived before something older, doubles aside.
func (c *consumer) ascending(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.True(t, slices.IsSorted(c.arrived), "out of order: %v", c.arrived)
}

func equal(a, b subscription.Delivery) bool {
	sameTime := a.RecordedAt.Equal(b.RecordedAt) // == would compare the location's pointer
	a.RecordedAt, b.RecordedAt = time.Time{}, time.Time{}
	return sameTime && reflect.DeepEqual(a, b)
}

// publish sends records as the relay does and wants them confirmed.
func publish(t testing.TB, transport messaging.Transport, records []subscription.Delivery) {
	t.Helper()
	require.NoError(t, tryPublish(t.Context(), transport, records))
}

func tryPublish(ctx context.Context, transport messaging.Transport, records []subscription.Delivery) error {
	return messaging.NewRelay(transport).React(ctx, subscription.Work{Key: "log", Deliveries: records})
}
