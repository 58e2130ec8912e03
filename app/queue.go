package app

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// Limits of the queue.
const (
	maxDrain = 256             // commands written together
	atOnce   = 32              // commands taken together: their streams are loaded side by side
	patience = 5 * time.Second // how long a client's command is decided anew while other copies keep changing its streams
	// answerAtMost bounds what a batch of decisions reads, and an append, so that a database which neither answers nor hangs
	// up is told to callers as away.
	answerAtMost = 10 * time.Second
)

// ErrConcurrentChange tells a client that others kept changing the same streams. Nothing was written; trying again is safe.
var ErrConcurrentChange = errors.New("the same streams kept changing; nothing was written, try again")

// ErrUnreadable: a stream that the command is about holds an event which a newer program wrote. Nothing was written; a program that
// knows the event has to decide.
var ErrUnreadable = codec.ErrUnknown

// ErrClosed is returned for commands that were not being written when the queue was told to stop: nothing of them is in the log.
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

// Queue is the one writer of its process: commands wait in line, are decided in order, each on what the ones before it left,
// and are written in drains of one append each. So a hot stream costs one commit for a whole drain.
//
// While one drain is being written the next is decided, on states that are not in the log yet. What becomes of it is in
// conclude.
type Queue struct {
	store   *eventstore.Store
	now     func() time.Time
	waiting chan *task
	stopped chan struct{}

	// The rest belongs to Run's goroutine.
	states  *states
	decided []*task       // in order; to be written next
	written chan appended // gives the outcome of the drain that is being written; nil while there is none
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

// NewQueue makes a queue; it takes commands once Run runs. snapshots may be nil: every stream is then folded from its start.
func NewQueue(store *eventstore.Store, now func() time.Time, snapshots *Snapshots) *Queue {
	return &Queue{
		store: store, now: now, states: newStates(store, snapshots),
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
