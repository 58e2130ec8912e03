package subscription

import (
	"context"
	"errors"
	"sync"
	"time"

	"ordermill/eventstore"
)

// session is one tenure of a lease: the checkpoint it moves and the keys it skips.
type session struct {
	*Consumer
	lease  *lease
	at     eventstore.Checkpoint
	parked map[string]bool
	swept  time.Time        // when old progress rows were last removed
	later  <-chan time.Time // says when to move past records that concern nobody; nil while there are none

	tenure context.Context // ends when the consumer is told to stop, or the lease is lost: then nothing new is tried
}

// begin makes sure that the checkpoint is one of this log, before anybody is told that it is reached.
func (s *session) begin(ctx context.Context) (err error) {
	if err := Check(ctx, s.store, s.at); err != nil {
		return err
	}
	if s.parked, err = ParkedKeys(ctx, s.db.Read, s.name); err != nil {
		return err
	}
	s.moved(s.at.Position)
	return nil
}

// run catches up, then follows: woken by feeds and by the store, whichever is first; and by a poll that covers what both lost.
func (s *session) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var feeding sync.WaitGroup
	defer feeding.Wait()
	defer stop()

	grown, unwatch := s.store.Watch()
	defer unwatch()
	if err := s.look(ctx); err != nil {
		return err
	}
	for _, feed := range s.feeds {
		feeding.Add(1)
		go func() {
			defer feeding.Done()
			s.follow(ctx, feed)
		}()
	}
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case a := <-s.deliveries:
			err = s.take(ctx, a.Delivery)
			a.done <- err
		case <-grown:
			err = s.glance(ctx)
		case <-s.later:
			err = s.look(ctx)
		case <-s.awaited:
			err = s.look(ctx)
		case <-poll.C:
			if err = s.look(ctx); err == nil {
				err = s.attend(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// follow keeps one feed running; a subscription that dies is begun again from the checkpoint.
func (s *session) follow(ctx context.Context, feed Feed) {
	var pause Backoff
	for ctx.Err() == nil {
		from := eventstore.Checkpoint{LogID: s.store.LogID(), Position: s.position()}
		started := time.Now()
		err := feed.Run(ctx, s.name, from, s.deliver)
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("feed interrupted, it goes on", "feed", feed.Name(), "error", err)
		if time.Since(started) > longestPause {
			pause.Reset()
		}
		if pause.Wait(ctx) != nil {
			return
		}
	}
}

// take handles one delivery: it is behind us, or it says "look". Either way it may be acknowledged afterwards: the log has the
// truth. Its contents are not used: a broker that outlived a log which was restored from a backup holds events that continue the
// checkpoint, and that never happened.
func (s *session) take(ctx context.Context, d Delivery) error {
	if d.LogID == s.at.LogID && d.Position <= s.at.Position {
		return nil
	}
	return s.glance(ctx)
}

// linger is how long the checkpoint may stay before records that concern nobody. Most concern few consumers; if each moved its
// checkpoint past each of them at once, those whose rows somebody waits for would have to stand in line.
const linger = 50 * time.Millisecond

// glance is a look that leaves records lying which concern nobody, until something comes that does, somebody waits, or it is time.
func (s *session) glance(ctx context.Context) error {
	batch, more, err := read(ctx, s.store, s.at, MaxBatch)
	if err != nil || len(batch) == 0 {
		return err
	}
	if more || s.concerned(batch) {
		return s.processOn(ctx, batch, more)
	}
	if s.later == nil {
		s.later = time.After(linger)
	}
	return nil
}

// concerned tells whether a batch has work for this consumer, or for those who look after it.
func (s *session) concerned(batch []Delivery) bool {
	for _, d := range batch {
		if keys, err := s.keys(d.Record); err != nil || len(keys) > 0 {
			return true
		}
	}
	return false
}

// look reads the log from the checkpoint to its end and handles what it finds.
func (s *session) look(ctx context.Context) error {
	batch, more, err := read(ctx, s.store, s.at, MaxBatch)
	if err != nil {
		return err
	}
	return s.processOn(ctx, batch, more)
}

// processOn handles a batch that was read at the checkpoint, and if there is more, what follows it in the log.
func (s *session) processOn(ctx context.Context, batch []Delivery, more bool) (err error) {
	s.later = nil
	for {
		if len(batch) > 0 {
			if err := s.process(ctx, batch); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		if batch, more, err = read(ctx, s.store, s.at, MaxBatch); err != nil {
			return err
		}
	}
}

// process handles a batch until it is done, trying again in place after a transient error. When the consumer is told to stop,
// the try in hand is finished.
func (s *session) process(ctx context.Context, batch []Delivery) error {
	var pause Backoff
	for {
		hand, finished := Outlive(ctx, grace)
		err := s.handle(hand, s, batch)
		finished()
		if err == nil {
			last := batch[len(batch)-1]
			s.at.Position, s.at.EventID = last.Position, last.EventID
			s.moved(last.Position)
			s.sweep(ctx)
			return nil
		}
		if errors.Is(err, ErrStop) || errors.Is(err, ErrLeaseLost) || ctx.Err() != nil {
			return err
		}
		s.log.Warn("batch failed, trying again", "from", batch[0].Position, "to", batch[len(batch)-1].Position, "error", err)
		s.tell(ctx, err)
		if err := pause.Wait(ctx); err != nil {
			return err
		}
	}
}

// rest pauses between two tries within a batch, and ends with an error when there is to be no other.
func (s *session) rest(ctx context.Context, pause *Backoff) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.tenure, cancel)()
	return pause.Wait(ctx)
}
