package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"ordermill/internal/crashpoint"
)

// patience bounds how long Append tries again after a rollback, or looks for a batch whose COMMIT reply was lost.
const patience = 10 * time.Second

// Append writes a batch of requests in one transaction and returns one outcome for each, in order.
// A request that cannot be written does not disturb its neighbours, save those that touch the streams it wanted to write:
// a batch is taken to be decided in order, so they counted on it and are WrongVersion.
//
// An error is about the whole batch: ErrUnavailable (nothing was written), ErrOutcomeUnknown (the database stayed away
// after a lost COMMIT reply; the same requests with the same receipts are safe to send again), or the context's.
func (s *Store) Append(ctx context.Context, requests []Request) ([]Outcome, error) {
	outcomes := make([]Outcome, len(requests))
	var batch []int // indexes of the requests that are worth asking the database about
	lost := map[string]bool{}
	for i := range requests {
		if err := requests[i].validate(); err != nil {
			outcomes[i] = Failed{err}
			markLost(lost, requests[i], outcomes[i])
			continue
		}
		requests[i].Events = withIDs(requests[i].Events)
		batch = append(batch, i)
	}
	err := s.appendBatch(ctx, requests, batch, lost, outcomes)
	return outcomes, err
}

// withIDs gives every event its id once, so that all tries of a request write the same ids.
func withIDs(events []Event) []Event {
	named := make([]Event, len(events))
	for i, e := range events {
		if e.ID == uuid.Nil {
			e.ID = uuid.Must(uuid.NewV7())
		}
		named[i] = e
	}
	return named
}

func (s *Store) appendBatch(ctx context.Context, requests []Request, batch []int, lost map[string]bool, outcomes []Outcome) error {
	if len(batch) == 0 {
		return nil
	}
	err := s.tryUntilKnown(ctx, requests, batch, lost, outcomes)
	if !errors.Is(err, ErrRejected) {
		return err
	}
	if len(batch) == 1 {
		outcomes[batch[0]] = Failed{err}
		return nil
	}
	for i := range batch { // somebody's value is impossible: find out whose, and let the others through
		if err := s.appendBatch(ctx, requests, batch[i:i+1], lost, outcomes); err != nil {
			for _, left := range batch[i:] { // those before it may be in the log: this is no longer about the whole batch
				outcomes[left] = Failed{err}
			}
			return nil
		}
		markLost(lost, requests[batch[i]], outcomes[batch[i]])
	}
	return nil
}

// tryUntilKnown repeats the transaction until it is certain what became of it.
func (s *Store) tryUntilKnown(ctx context.Context, requests []Request, batch []int, lost map[string]bool, outcomes []Outcome) error {
	lookup := lookupFor(requests, batch)
	deadline := time.Now().Add(patience)
	for {
		var rows Rows
		crashpoint.Reach(crashpoint.BeforeAppend)
		err := s.driver.Append(ctx, lookup, func(found Snapshot) Rows {
			rows = s.plan(found, requests, batch, lost, outcomes)
			crashpoint.Reach(crashpoint.InAppend)
			return rows
		})
		if errors.Is(err, ErrOutcomeUnknown) {
			var committed bool
			if committed, err = s.resolve(ctx, rows); committed {
				err = nil
			} else if err == nil {
				err = ErrRolledBack // certainly not there: try again
			}
		}
		if err == nil {
			crashpoint.Reach(crashpoint.AfterAppend)
			if n := len(rows.Records); n > 0 {
				head := rows.Records[n-1].Position
				s.remember(rows.Records)
				s.raise(head)
				s.driver.Notify(ctx, head)
			}
			return nil
		}
		if !errors.Is(err, ErrRolledBack) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if err := sleep(ctx, time.Duration(1+rand.IntN(30))*time.Millisecond); err != nil {
			return err
		}
	}
}

// resolve finds out under the lock whether a batch with an unknown outcome is in the log. The old transaction has ended
// by the time the lock is ours, so what is not there will never be. It keeps asking even if the caller has gone.
//
// An event's id is nobody else's. A receipt may be a twin's, written by another process in between: it stands for ours
// only if it says the same, and a batch of receipts alone is there only if all of them are.
func (s *Store) resolve(ctx context.Context, rows Rows) (committed bool, err error) {
	var lookup Lookup
	if len(rows.Records) > 0 {
		lookup.EventIDs = []uuid.UUID{rows.Records[0].EventID}
	} else {
		for _, r := range rows.Receipts {
			lookup.Receipts = append(lookup.Receipts, ReceiptKey{r.Scope, r.Key})
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for {
		err := s.driver.Append(ctx, lookup, func(found Snapshot) Rows {
			committed = len(found.EventIDs) > 0 || len(rows.Records) == 0 && allFound(rows.Receipts, found.Receipts)
			return Rows{}
		})
		if err == nil {
			return committed, nil
		}
		if sleep(ctx, 100*time.Millisecond) != nil {
			return false, fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		}
	}
}

// allFound reports whether every receipt is there and says what ours says.
func allFound(wrote []ReceiptRow, found map[ReceiptKey]Receipt) bool {
	for _, r := range wrote {
		there, ok := found[ReceiptKey{r.Scope, r.Key}]
		if !ok || !bytes.Equal(there.Fingerprint, r.Fingerprint) || !bytes.Equal(there.Response, r.Response) {
			return false
		}
	}
	return true
}

// lookupFor collects what a batch needs to know, each thing once.
func lookupFor(requests []Request, batch []int) Lookup {
	var lookup Lookup
	streams, receipts := map[string]bool{}, map[ReceiptKey]bool{}
	for _, i := range batch {
		for stream := range requests[i].Expected {
			if !streams[stream] {
				streams[stream] = true
				lookup.Streams = append(lookup.Streams, stream)
			}
		}
		for _, r := range requests[i].Receipts {
			if key := (ReceiptKey{r.Scope, r.Key}); !receipts[key] {
				receipts[key] = true
				lookup.Receipts = append(lookup.Receipts, key)
			}
		}
	}
	return lookup
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
