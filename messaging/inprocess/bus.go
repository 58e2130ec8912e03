package inprocess

import (
	"context"
	"errors"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
)

var errClosed = errors.New("the in-process bus is closed")

// bus is the publisher, and knows who is subscribed.
type bus struct {
	limit int

	mu      sync.Mutex // held for a whole batch, so that every queue has the same order
	queues  map[string]map[*queue]struct{}
	closed  bool
	running sync.WaitGroup // one for every queue
}

func newBus(limit int) *bus { return &bus{limit: limit, queues: map[string]map[*queue]struct{}{}} }

// Publish puts the messages into every subscriber's queue. It never waits for a subscriber.
func (b *bus) Publish(topic string, messages ...*message.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed
	}
	for q := range b.queues[topic] {
		q.push(messages)
	}
	return nil
}

// Close ends all subscriptions and waits for them. It may be called again.
func (b *bus) Close() error {
	b.mu.Lock()
	b.closed = true
	for _, queues := range b.queues {
		for q := range queues {
			q.end()
		}
	}
	b.mu.Unlock()
	b.running.Wait()
	return nil
}

func (b *bus) subscribe(ctx context.Context, topic string) (*queue, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errClosed
	}
	if b.queues[topic] == nil {
		b.queues[topic] = map[*queue]struct{}{}
	}
	ctx, end := context.WithCancel(ctx)
	q := &queue{limit: b.limit, wake: make(chan struct{}, 1), out: make(chan *message.Message), end: end, done: make(chan struct{})}
	b.queues[topic][q] = struct{}{}
	b.running.Go(func() {
		q.run(ctx)
		b.mu.Lock()
		delete(b.queues[topic], q)
		b.mu.Unlock()
	})
	return q, nil
}

// subscriber is Watermill's handle on the subscriptions made through it.
type subscriber struct {
	bus *bus

	mu     sync.Mutex
	queues []*queue
	closed bool
}

// Subscribe starts a subscription that ends with ctx or Close.
func (s *subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	q, err := s.bus.subscribe(ctx, topic)
	if err != nil {
		return nil, err
	}
	s.queues = append(s.queues, q)
	return q.out, nil
}

// Close ends its subscriptions and waits for them. It may be called again.
func (s *subscriber) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, q := range s.queues {
		q.end()
	}
	for _, q := range s.queues {
		<-q.done
	}
	return nil
}
