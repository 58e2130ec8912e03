package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ordermill/eventstore"
)

// appended is what became of a drain.
type appended struct {
	drain    []*task
	outcomes []eventstore.Outcome
	err      error // of all of it
}

// Run decides and writes until ctx ends. What is being written then is finished first; commands that are in line, decided or
// not, end with ErrClosed, and nothing of theirs is written.
func (q *Queue) Run(ctx context.Context) {
	defer close(q.stopped)
	for {
		if q.written == nil && len(q.decided) > 0 {
			q.write(ctx)
		}
		waiting := q.waiting
		if len(q.decided) >= maxDrain {
			waiting = nil
		}
		select {
		case t := <-waiting:
			q.decideAll(q.others(t))
		case a := <-q.written:
			q.written = nil
			q.conclude(a)
		case <-ctx.Done():
			if q.written != nil {
				q.conclude(<-q.written)
			}
			return
		}
	}
}

// others takes what waits behind the first, without waiting for more.
func (q *Queue) others(first *task) []*task {
	batch := []*task{first}
	for len(batch) < atOnce && len(q.decided)+len(batch) < maxDrain {
		select {
		case t := <-q.waiting:
			batch = append(batch, t)
		default:
			return batch
		}
	}
	return batch
}

// decideAll decides a batch in order, on the states that the ones before left, be they written yet or not.
func (q *Queue) decideAll(batch []*task) {
	ctx, cancel := context.WithTimeout(context.Background(), answerAtMost)
	defer cancel()
	q.preload(ctx, batch)
	for _, t := range batch {
		if t.err = q.decide(ctx, t); t.err != nil {
			close(t.finished)
			continue
		}
		q.decided = append(q.decided, t)
	}
}

// decide makes a task's decision; an error means that there is none.
func (q *Queue) decide(ctx context.Context, t *task) error {
	if err := t.ctx.Err(); err != nil { // nobody waits any more, and nothing was promised
		return err
	}
	t.decision = &Decision{Now: q.now().UTC().Truncate(time.Millisecond), command: &t.Command, states: q.states, ctx: ctx,
		expected: map[string]int64{}, receipts: append([]eventstore.Receipt(nil), t.Receipts...)}
	t.result, t.refusal = decideSafely(t.decision, t.Decide)
	switch {
	case t.decision.failure != nil: // a stream could not be read
		forget(q.states, t.decision.expected)
		return unanswered(t.decision.failure)
	case t.refusal != nil:
		t.decision.refuse()
		forget(q.states, t.decision.changed)
	}
	return nil
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

// write starts the append of what is decided; it goes on to its end even if the process is told to stop meanwhile.
func (q *Queue) write(ctx context.Context) {
	n := min(len(q.decided), maxDrain)
	a := appended{drain: q.decided[:n:n]}
	q.decided = q.decided[n:]
	requests := make([]eventstore.Request, n)
	for i, t := range a.drain {
		requests[i] = t.decision.request()
	}
	written := make(chan appended, 1)
	q.written = written
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerAtMost)
		defer cancel()
		a.outcomes, a.err = q.store.Append(ctx, requests)
		written <- a
	}()
}

// conclude tells the callers of a drain what became of it, and decides again who lost to another copy.
//
// What was decided while the drain was being written counted on all of it. Where a command did not win, the streams that it
// moved on are in doubt: another copy may have written an event with the very version that was counted on, so the version
// alone proves nothing. Whoever looked at one of them is decided again before it is written, after the ones that lost, in
// the order in which they came; the others never saw those streams, so for them no order is lost.
func (q *Queue) conclude(a appended) {
	var again []*task
	doubt := map[string]bool{}
	for i, t := range a.drain {
		outcome := eventstore.Outcome(eventstore.Failed{Err: unanswered(a.err)})
		if a.err == nil {
			outcome = a.outcomes[i]
		}
		for stream := range t.doubtful(outcome) {
			doubt[stream] = true
		}
		if t.settle(outcome) {
			close(t.finished)
		} else {
			again = append(again, t)
		}
	}
	if len(doubt) > 0 {
		again = append(again, q.takeBack(doubt)...)
		forget(q.states, doubt)
	}
	q.states.grown(a.drain)
	q.states.trim()
	if len(again) > 0 {
		q.decideAll(again)
	}
}

// doubtful is the streams whose cached states an outcome disproves: those that the command moved on, if it did not win, and
// after an outcome that says nothing about the command, or that they have changed, all that it looked at.
func (t *task) doubtful(outcome eventstore.Outcome) map[string]int64 {
	switch outcome.(type) {
	case eventstore.Duplicate, eventstore.KeyConflict:
		return t.decision.changed
	case eventstore.WrongVersion, eventstore.Failed:
		return t.decision.expected
	case eventstore.Appended:
	}
	return nil
}

// settle turns an append's outcome into the command's; false means it has to be decided again.
func (t *task) settle(outcome eventstore.Outcome) (settled bool) {
	switch o := outcome.(type) {
	case eventstore.Appended:
		t.done, t.err = Done{Result: t.result, Position: o.Last, Receipts: t.decision.receipts}, t.refusal
	case eventstore.Duplicate:
		t.done = Done{Replayed: true, Position: o.Receipt.Position, Receipts: []eventstore.Receipt{o.Receipt}}
	case eventstore.KeyConflict:
		t.err = fmt.Errorf("%w (%s)", ErrKeyReused, o.Receipt.Scope)
	case eventstore.Failed:
		t.err = o.Err
	case eventstore.WrongVersion:
		if t.Patient || time.Since(t.queued) < patience {
			return false
		}
		t.err = ErrConcurrentChange
	}
	return true
}

// takeBack removes from what is decided all that looked at a stream in doubt. What it moved on is in doubt too, for those
// after it, and for those before it: their part is not in the log yet, so the stream cannot be loaded without them.
func (q *Queue) takeBack(doubt map[string]bool) (taken []*task) {
	for known := -1; known != len(doubt); {
		known = len(doubt)
		for _, t := range q.decided {
			if t.lookedAt(doubt) {
				for stream := range t.decision.changed {
					doubt[stream] = true
				}
			}
		}
	}
	var kept []*task
	for _, t := range q.decided {
		if t.lookedAt(doubt) {
			taken = append(taken, t)
		} else {
			kept = append(kept, t)
		}
	}
	q.decided = kept
	return taken
}

func (t *task) lookedAt(doubt map[string]bool) bool {
	for stream := range t.decision.expected {
		if doubt[stream] {
			return true
		}
	}
	return false
}
