package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"ordermill/eventstore"
)

// ErrTwinInFlight tells that a request with the same key has been under way for so long that waiting for its answer ended.
var ErrTwinInFlight = errors.New("a request with the same key is still being answered")

// twinPatience is how long a request waits for its twin's answer.
const twinPatience = 5 * time.Second

// twins lets one request per key through at a time: the second waits, and then finds the first one's answer kept.
type twins struct {
	mu       sync.Mutex
	inFlight map[eventstore.ReceiptKey]chan struct{} // closed when the one that is under way has its answer
}

// enter waits for the key's turn; leave must be called afterwards.
func (t *twins) enter(ctx context.Context, key eventstore.ReceiptKey) (leave func(), err error) {
	late := time.NewTimer(twinPatience)
	defer late.Stop()
	for {
		t.mu.Lock()
		first, busy := t.inFlight[key]
		if !busy {
			done := make(chan struct{})
			t.inFlight[key] = done
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				delete(t.inFlight, key)
				t.mu.Unlock()
				close(done)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-first:
		case <-late.C:
			return nil, ErrTwinInFlight
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
