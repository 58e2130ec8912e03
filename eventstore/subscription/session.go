package subscription

import (
	"context"
	"errors"
	"fmt"
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
	swept  time.Time // when old progress rows were last removed

	tenure context.Context // ends when the consumer is told to stop, or the lease is lost: then nothing new is tried
}

func (c *Consumer) newSession(ctx context.Context, l *lease, at eventstore.Checkpoint) (*session, error) {
	if at.LogID != c.store.LogID() {
		return nil, fmt.Errorf("%w: %s stands in log %s, this is log %s; rebuild it, or point it at its own store", ErrDiverged, c.name, at.LogID, c.store.LogID())
	}
	parked, err := ParkedKeys(ctx, c.db.Read, c.name)
	if err != nil {
		return nil, err
	}
	c.moved(at.Position)
	return &session{Consumer: c, lease: l, at: at, parked: parked, tenure: ctx}, nil
}

// run catches up, then follows: woken by feeds or, without any, by the store; and by a poll that covers what both lost.
func (s *session) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var feeding sync.WaitGroup
	defer feeding.Wait()
	defer stop()

	grown := make(<-chan struct{})
	if len(s.feeds) == 0 {
		watch, unwatch := s.store.Watch()
		defer unwatch()
		grown = watch
	}
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

// take handles one delivery: it is behind us; or it continues the checkpoint, is a whole command and, as this process knows,
// the log's head, and is applied as it came; or it only says "look". Whatever it was, it may be acknowledged afterwards: the
// log has the truth. That it continues the checkpoint is not enough: a broker that outlived a log which was restored from a
// backup holds events that do, and that never happened.
func (s *session) take(ctx context.Context, d Delivery) error {
	if d.LogID == s.at.LogID && d.Position <= s.at.Position {
		return nil
	}
	continues := d.LogID == s.at.LogID && d.Position == s.at.Position+1 && d.PreviousID == s.at.EventID
	if continues && d.CommandEnd && s.store.HeadIs(d.Position, d.EventID) {
		return s.process(ctx, []Delivery{d})
	}
	return s.look(ctx)
}

// look reads the log from the checkpoint to its end and handles what it finds.
func (s *session) look(ctx context.Context) error {
	for {
		batch, more, err := read(ctx, s.store, s.at, MaxBatch)
		if err != nil {
			return err
		}
		if len(batch) > 0 {
			if err := s.process(ctx, batch); err != nil {
				return err
			}
		}
		if !more {
			return nil
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
