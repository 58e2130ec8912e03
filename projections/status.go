package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// Status of a read model.
const (
	Building   = "building" // for the first time; queries say ErrNotReady
	Following  = "live"
	Rebuilding = "rebuilding" // beside the live generation, which goes on
	Stopped    = "stopped"    // its consumer needs a human, see Error
)

// Status is a read model in brief.
type Status struct {
	Name       string
	Version    int64 // of the code that keeps it here; another version of the program may keep its own beside it
	Generation int64 // 0: none is live yet
	Next       int64 // the generation that a rebuild fills; 0: none runs
	Position   int64 // of the live generation
	Lag        int64 // events in the log that it has not folded yet
	Parked     int64 // keys
	Kept       int64 // the generation that Rollback would go back to; 0: none
	KeptUntil  time.Time
	Verified   Verified // the last comparison with the log; zero: none yet
	Tended     bool     // some process works on it: follows the log, or would do a rebuild
	Status     string
	Error      string
}

// Consumers are the names, among subscription's, under which the live generation and the next one read the log; "" is none.
func (s Status) Consumers() (live, next string) {
	if s.Generation != 0 {
		live = consumerName(s.Name, s.Generation)
	}
	if s.Next != 0 {
		next = consumerName(s.Name, s.Next)
	}
	return live, next
}

// Status tells how the read model is.
func (m *Model[R]) Status(ctx context.Context) (Status, error) {
	s := Status{Name: m.projection.Name, Version: m.projection.Version, Status: Following}
	standing, err := m.standing(ctx)
	if err != nil {
		return s, fmt.Errorf("status of %s: %w", m.projection.Name, err)
	}
	head, err := m.store.Head(ctx)
	if err != nil {
		return s, err
	}
	s.Generation, s.Next = standing.live, standing.running
	if s.Kept, s.KeptUntil, err = m.kept(ctx); err != nil {
		return s, fmt.Errorf("status of %s: %w", m.projection.Name, err)
	}
	if s.Verified, err = m.verified(ctx); err != nil {
		return s, fmt.Errorf("status of %s: %w", m.projection.Name, err)
	}
	stopped, err := m.lookAtLive(ctx, &s)
	if err != nil {
		return s, fmt.Errorf("status of %s: %w", m.projection.Name, err)
	}
	s.Lag = max(head.Position-s.Position, 0)
	switch {
	case stopped != "":
		s.Status, s.Error = Stopped, stopped
	case standing.running != 0 && standing.live != 0:
		s.Status = Rebuilding
	case standing.live == 0 && standing.failed:
		s.Status = Stopped
	case standing.live == 0:
		s.Status = Building
	}
	return s, nil
}

// lookAtLive reads how the live generation's consumer is, in whichever process it runs, and why it has stopped if it has: nobody
// owns it, and its last batch failed.
func (m *Model[R]) lookAtLive(ctx context.Context, s *Status) (stopped string, err error) {
	live, _ := s.Consumers()
	err = m.db.Read.QueryRowContext(ctx, `SELECT count(*) > 0 FROM consumers WHERE name IN ($1, $2) AND lease_until >= now_ms()`,
		live, m.builderName()).Scan(&s.Tended)
	if err != nil || live == "" {
		return "", err
	}
	var at eventstore.Checkpoint
	var logID, eventID string
	err = m.db.Read.QueryRowContext(ctx, `
		SELECT log_id, position, event_id, (SELECT count(*) FROM parked WHERE parked.consumer = consumers.name),
			CASE WHEN lease_until < now_ms() THEN error ELSE '' END
		FROM consumers WHERE name = $1`, live).Scan(&logID, &at.Position, &eventID, &s.Parked, &stopped)
	if err != nil {
		return "", err
	}
	s.Position = at.Position
	if at, err = eventstore.ParseCheckpoint(logID, at.Position, eventID); err != nil {
		return "", fmt.Errorf("%s: %w", live, err)
	}
	m.mu.Lock()
	if m.stopped != nil {
		stopped = m.stopped.Error()
	}
	m.mu.Unlock()
	if stopped != "" {
		return stopped, nil
	}
	// Nobody may have looked yet, and what the rows say of events that are not in the log must not pass for caught up.
	if err = subscription.Check(ctx, m.store, at); errors.Is(err, subscription.ErrDiverged) {
		return err.Error() + "; a rebuild of the read model mends it", nil
	}
	return "", err
}
