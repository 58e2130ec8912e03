package inprocess

import (
	"context"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
)

// queue is one subscription: what waits for its subscriber, and the goroutine that hands it over.
type queue struct {
	limit int
	end   context.CancelFunc
	out   chan *message.Message
	wake  chan struct{}
	done  chan struct{} // closed when run has returned

	mu      sync.Mutex
	waiting []*message.Message
}

// push adds messages and drops the oldest beyond the limit.
func (q *queue) push(messages []*message.Message) {
	q.mu.Lock()
	q.waiting = append(q.waiting, messages...)
	if over := len(q.waiting) - q.limit; over > 0 {
		q.waiting = append(q.waiting[:0:0], q.waiting[over:]...) // a new array, so that the dropped ones are freed
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // it has a wake-up waiting already
	}
}

func (q *queue) pop() *message.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	m := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	return m
}

func (q *queue) run(ctx context.Context) {
	defer close(q.done)
	defer close(q.out)
	for {
		m := q.pop()
		if m == nil {
			select {
			case <-ctx.Done():
				return
			case <-q.wake:
			}
			continue
		}
		for !q.hand(ctx, m) {
			if ctx.Err() != nil {
				return
			}
		}
	}
}

// hand gives the subscriber its own copy of a message and reports whether it was acknowledged.
func (q *queue) hand(ctx context.Context, m *message.Message) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m = m.Copy()
	m.SetContext(ctx)
	select {
	case <-ctx.Done():
		return false
	case q.out <- m:
	}
	select {
	case <-ctx.Done():
		return false
	case <-m.Acked():
		return true
	case <-m.Nacked():
		return false
	}
}
