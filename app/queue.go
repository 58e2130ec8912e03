package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// Limits of the queue.
const (
	maxDrain = 256             // commands decided and written together
	patience = 5 * time.Second // how long a client's command is decided anew while other copies keep changing its streams
	// answerAtMost bounds what one drain reads, and its append, so that a database which neither answers nor hangs up is told
	// to callers as away.
	answerAtMost = 10 * time.Second
)

// ErrConcurrentChange tells a client that others kept changing the same streams. Nothing was written; trying again is safe.
var ErrConcurrentChange = errors.New("the same streams kept changing; nothing was written, try again")

// ErrClosed is returned for commands that come after the queue was told to stop.
var ErrClosed = errors.New("this process is stopping and takes no more commands")

// Command is one decision over one or more streams, written all or nothing.
type Command struct {
	ID   uuid.UUID
	Meta eventstore.Metadata
	// Receipts name the answers to look for before anything is written. Decide gives each the response to keep.
	Receipts []eventstore.Receipt
	// Reads are streams that Decide will surely look at; they are loaded together. Others are loaded when they are asked for.
	Reads []Ref
	// Decide reads states, records events and returns the result. It may run several times, so it has no effects of its own.
	// An error is a refusal: nothing is written, but the refusal is checked against the log as strictly as a success.
	Decide func(*Decision) (any, error)
	// Patient commands (facts, and what reactors send) are decided again until they are through; others give up after a while.
	Patient bool
}

// Done is what became of a command that was not refused.
type Done struct {
	Result   any   // what Decide returned; nil when Replayed
	Position int64 // of its last event, 0 if it wrote none
	Replayed bool  // a receipt was there already: nothing was written now
	Receipts []eventstore.Receipt
}

// ErrKeyReused tells that a receipt's key was used before for something else.
var ErrKeyReused = errors.New("this key was used before with other contents")

// Queue is the one writer of its process: commands wait in line; each drain of the line is decided in order, each command on
// what the ones before it left, and written in one append. So a hot stream costs one commit for a whole drain.
type Queue struct {
	store   *eventstore.Store
	now     func() time.Time
	states  *states
	waiting chan *task
	again   []*task // lost to another copy's write; first in the next drain
	stopped chan struct{}
}

// task is a command in line, and where its caller waits.
type task struct {
	Command
	ctx      context.Context
	queued   time.Time
	decision *Decision
	result   any
	refusal  error
	finished chan struct{}
	done     Done
	err      error
}

// NewQueue makes a queue; it takes commands once Run runs.
func NewQueue(store *eventstore.Store, now func() time.Time) *Queue {
	return &Queue{
		store: store, now: now, states: newStates(store),
		waiting: make(chan *task, maxDrain), stopped: make(chan struct{}),
	}
}

// Do waits until a command is written or refused. If ctx ends first the command may still be written.
func (q *Queue) Do(ctx context.Context, command Command) (Done, error) {
	t := &task{Command: command, ctx: ctx, queued: time.Now(), finished: make(chan struct{})}
	select {
	case q.waiting <- t:
	case <-ctx.Done():
		return Done{}, ctx.Err()
	case <-q.stopped:
		return Done{}, ErrClosed
	}
	select {
	case <-t.finished:
		return t.done, t.err
	case <-ctx.Done():
		return Done{}, ctx.Err()
	case <-q.stopped:
		select {
		case <-t.finished:
			return t.done, t.err
		default:
			return Done{}, ErrClosed
		}
	}
}

// Run decides and writes until ctx ends; what is being written then is finished first.
func (q *Queue) Run(ctx context.Context) {
	defer close(q.stopped)
	for {
		batch := q.drain(ctx)
		if batch == nil {
			return
		}
		q.decideAll(batch)
		q.write(ctx, batch)
		runtime.Gosched() // lets the callers that were just answered get in line again, so that the next drain is not a small one
	}
}

// drain takes what waits, without waiting for more than the first; nil when ctx has ended.
func (q *Queue) drain(ctx context.Context) []*task {
	batch := q.again
	q.again = nil
	if len(batch) == 0 {
		select {
		case <-ctx.Done():
			return nil
		case t := <-q.waiting:
			batch = append(batch, t)
		}
	}
	for len(batch) < maxDrain {
		select {
		case t := <-q.waiting:
			batch = append(batch, t)
		default:
			return batch
		}
	}
	return batch
}

// decideAll decides the batch in order, on the states that the ones before left.
func (q *Queue) decideAll(batch []*task) {
	ctx, cancel := context.WithTimeout(context.Background(), answerAtMost)
	defer cancel()
	q.preload(ctx, batch)
	now := q.now().UTC().Truncate(time.Millisecond)
	for _, t := range batch {
		if t.ctx.Err() != nil { // nobody waits any more, and nothing was promised
			t.err = t.ctx.Err()
			continue
		}
		t.err = nil
		t.decision = &Decision{Now: now, command: &t.Command, states: q.states, ctx: ctx,
			expected: map[string]int64{}, receipts: append([]eventstore.Receipt(nil), t.Receipts...)}
		t.result, t.refusal = decideSafely(t.decision, t.Decide)
		switch {
		case t.decision.failure != nil: // a stream could not be read: not a decision at all
			t.err = unanswered(t.decision.failure)
			q.states.forget(t.decision.expected)
		case t.refusal != nil:
			t.decision.refuse()
			q.states.forget(t.decision.changed)
		}
	}
}

// unanswered makes our own patience's end what it means: the store is away.
func unanswered(err error) error {
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, eventstore.ErrOutcomeUnknown) {
		return fmt.Errorf("%w: no answer in %s", eventstore.ErrUnavailable, answerAtMost)
	}
	return err
}

// decideSafely turns a panic in a decision into an error of that command alone.
func decideSafely(d *Decision, decide func(*Decision) (any, error)) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.failure = fmt.Errorf("deciding %s panicked: %v", d.command.ID, p)
		}
	}()
	return decide(d)
}

// write appends what the batch decided, even if the process was told to stop meanwhile, and tells every caller, except those
// whose streams another copy changed: they are decided again.
func (q *Queue) write(ctx context.Context, batch []*task) {
	var asked []*task
	var requests []eventstore.Request
	for _, t := range batch {
		if t.err != nil {
			close(t.finished)
			continue
		}
		asked = append(asked, t)
		requests = append(requests, t.decision.request())
	}
	if len(asked) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerAtMost)
	defer cancel()
	outcomes, err := q.store.Append(ctx, requests)
	err = unanswered(err)
	for i, t := range asked {
		if err != nil {
			q.states.forget(t.decision.expected)
			t.err = err
			close(t.finished)
			continue
		}
		if q.conclude(t, outcomes[i]) {
			close(t.finished)
		} else {
			q.again = append(q.again, t)
		}
	}
	q.states.trim()
}

// conclude turns an append's outcome into the command's; false means it has to be decided again.
func (q *Queue) conclude(t *task, outcome eventstore.Outcome) (finished bool) {
	if _, won := outcome.(eventstore.Appended); !won {
		q.states.forget(t.decision.changed)
	}
	switch o := outcome.(type) {
	case eventstore.Appended:
		t.done, t.err = Done{Result: t.result, Position: o.Last, Receipts: t.decision.receipts}, t.refusal
	case eventstore.Duplicate:
		t.done = Done{Replayed: true, Position: o.Receipt.Position, Receipts: []eventstore.Receipt{o.Receipt}}
	case eventstore.KeyConflict:
		t.err = fmt.Errorf("%w (%s)", ErrKeyReused, o.Receipt.Scope)
	case eventstore.Failed:
		q.states.forget(t.decision.expected)
		t.err = o.Err
	case eventstore.WrongVersion:
		q.states.forget(t.decision.expected)
		if t.Patient || time.Since(t.queued) < patience {
			return false
		}
		t.err = ErrConcurrentChange
	}
	return true
}
