package app

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/inventory"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/internal/crashpoint"
)

// SnapshotEvery is by how many events a stream has to grow for a new snapshot.
const SnapshotEvery = 10

const (
	snapshotRest = 50          // after each snapshot, so many times as long as it took is rested: at most 2 % of a core are spent
	longestRest  = time.Minute // whatever it took
)

// Why a snapshot is not used.
var (
	errChecksum    = errors.New("its checksum is wrong")
	errAnotherPast = errors.New("its event is not the one that this log has there")
)

// Snapshots keeps what long streams fold to, so that the time to load one does not grow with it. They are made of the log and
// of nothing else, and checked against it: one that is lost, old, spoilt or of another past costs a fold from the start.
type Snapshots struct {
	store *eventstore.Store
	db    subscription.Database
	log   *slog.Logger
	rest  func(ctx context.Context, d time.Duration)

	wake chan struct{}
	mu   sync.Mutex
	due  map[string]Ref
}

// NewSnapshots keeps snapshots in the log place's database. They are taken while Run runs.
func NewSnapshots(store *eventstore.Store, db subscription.Database, log *slog.Logger) *Snapshots {
	return &Snapshots{store: store, db: db, log: log, rest: rest, wake: make(chan struct{}, 1), due: map[string]Ref{}}
}

// Run takes the snapshots that are asked for, one after another, until ctx ends. Commands never wait for it.
func (s *Snapshots) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		for ref, ok := s.next(); ok && ctx.Err() == nil; ref, ok = s.next() {
			begin := time.Now()
			if err := s.take(ctx, ref); err != nil && ctx.Err() == nil {
				s.log.Warn("no snapshot was taken; the stream is loaded from an older one, or from its start", "stream", ref.stream, "error", err)
			}
			s.rest(ctx, min(snapshotRest*time.Since(begin), longestRest))
		}
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// ask has a stream's snapshot taken some time later. It does nothing for streams of a kind that has none.
func (s *Snapshots) ask(ref Ref) {
	if s == nil || ref.kind.snapshots() == 0 {
		return
	}
	s.mu.Lock()
	s.due[ref.stream] = ref
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // it has a wake-up waiting already
	}
}

func (s *Snapshots) next() (ref Ref, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for stream, ref := range s.due {
		delete(s.due, stream)
		return ref, true
	}
	return Ref{}, false
}

// take folds a stream as the log has it, and writes that down unless a snapshot is there that is nearly as new.
func (s *Snapshots) take(ctx context.Context, ref Ref) error {
	l, err := load(ctx, s.store, s, ref)
	if err != nil || l.version == 0 || l.version-l.from < SnapshotEvery && l.spoilt == nil {
		return err
	}
	return s.keep(ctx, ref, l)
}

// keep writes a folded stream down, and clears away what older programs left of it when it is the first of this one's rules.
func (s *Snapshots) keep(ctx context.Context, ref Ref, l loaded) error {
	state, err := ref.kind.pack(l.value)
	if err != nil {
		return fmt.Errorf("write a state down: %w", err)
	}
	crashpoint.Reach(crashpoint.BeforeSnapshot)
	if err := s.save(ctx, snapshot{ref, l.version, l.eventID.String(), s.store.LogID().String(), string(state)}, l.spoilt); err != nil {
		return err
	}
	crashpoint.Reach(crashpoint.AfterSnapshot)
	if l.from > 0 {
		return nil
	}
	_, err = s.db.Write.ExecContext(ctx, `DELETE FROM snapshots WHERE stream = $1 AND state_version < $2`, ref.stream, ref.kind.snapshots())
	return err
}

// snapshot is a row but for its checksum.
type snapshot struct {
	ref            Ref
	version        int64
	eventID, logID string
	state          string
}

func (r snapshot) checksum() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%d\n%d\n%s\n%s\n%s", r.ref.stream, r.ref.kind.snapshots(), r.version, r.eventID, r.logID, r.state)
	return hex.EncodeToString(sum.Sum(nil))
}

// save writes a row over an older one, or over the one that is known to be of no use.
func (s *Snapshots) save(ctx context.Context, r snapshot, spoilt *string) error {
	_, err := s.db.Write.ExecContext(ctx, `
		INSERT INTO snapshots (stream, state_version, version, event_id, log_id, state, checksum, taken_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, now_ms())
		ON CONFLICT (stream, state_version) DO UPDATE SET version = excluded.version, event_id = excluded.event_id,
			log_id = excluded.log_id, state = excluded.state, checksum = excluded.checksum, taken_at = excluded.taken_at
		WHERE snapshots.version < excluded.version OR snapshots.checksum = $8`,
		r.ref.stream, r.ref.kind.snapshots(), r.version, r.eventID, r.logID, r.state, r.checksum(), spoilt)
	return err
}

// Stock is a SKU's stock as the log has it now, and the position of its last event; the zero State if there is none. It costs
// what a load in front of a command costs: what happened since the last snapshot.
func (s *Snapshots) Stock(ctx context.Context, sku string) (stock inventory.State, position int64, err error) {
	l, err := load(ctx, s.store, s, items.ref(sku))
	if err != nil {
		return stock, 0, err
	}
	return l.value.(folded[inventory.State]).State, l.at, nil
}

// find reads a stream's snapshot. It counts only once the log is seen to have its event, which load does. checksum is the
// row's, whatever it is worth; nil: there is no row. Nothing that goes wrong here is an error: the log has all that is needed.
func (s *Snapshots) find(ctx context.Context, ref Ref) (l loaded, checksum *string) {
	if s == nil || ref.kind.snapshots() == 0 {
		return loaded{}, nil
	}
	r := snapshot{ref: ref}
	err := s.db.Read.QueryRowContext(ctx, `SELECT version, event_id, log_id, state, checksum FROM snapshots WHERE stream = $1 AND state_version = $2`,
		ref.stream, ref.kind.snapshots()).Scan(&r.version, &r.eventID, &r.logID, &r.state, &checksum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return loaded{}, nil
	case err == nil:
		l, err = s.opened(r, *checksum)
	}
	if err != nil && ctx.Err() == nil {
		s.useless(ref, err)
	}
	if err != nil {
		return loaded{}, checksum
	}
	return l, checksum
}

// opened is what a row says, if it is whole and of this log.
func (s *Snapshots) opened(r snapshot, checksum string) (l loaded, err error) {
	switch {
	case r.checksum() != checksum:
		return l, errChecksum
	case r.logID != s.store.LogID().String():
		return l, errAnotherPast
	}
	if l.eventID, err = uuid.Parse(r.eventID); err != nil {
		return l, err
	}
	l.from, l.version = r.version, r.version
	l.value, err = r.ref.kind.unpack([]byte(r.state))
	return l, err
}

// useless tells that a snapshot is not used. The stream is folded from its start, and another is taken.
func (s *Snapshots) useless(ref Ref, err error) {
	s.log.Warn("a snapshot is of no use; the stream is folded from its start", "stream", ref.stream, "error", err)
}
