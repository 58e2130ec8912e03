package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"ordermill/eventstore"
)

// maxStates bounds the cache of folded streams; the least recently used go first.
const maxStates = 20_000

// states holds folded streams as the queue's decisions left them. Only the queue's goroutine uses it, preload apart.
type states struct {
	store     *eventstore.Store
	snapshots *Snapshots
	mu        sync.Mutex // preload folds several streams at once
	known     map[string]*state
	tick      int64
}

// state is one stream folded to its version.
type state struct {
	ref     Ref
	value   any
	version int64
	kept    int64 // the version of the last snapshot that this queue knows of, or asked for
	used    int64
}

func newStates(store *eventstore.Store, snapshots *Snapshots) *states {
	return &states{store: store, snapshots: snapshots, known: map[string]*state{}}
}

// then is the stream after one more event.
func (k kind[S, C, E]) then(f folded[S], event E, at time.Time) folded[S] {
	if f.First == 0 {
		f.First = millis(at)
	}
	f.State, f.Last = k.decider.Evolve(f.State, event), millis(at)
	return f
}

// state returns the stream's state for reading; the decision is checked against the version it saw.
func (k kind[S, C, E]) state(d *Decision, id string) S { return k.look(d, id).State }

// look returns the stream likewise, with its times.
func (k kind[S, C, E]) look(d *Decision, id string) folded[S] {
	entry, err := d.states.get(d.ctx, k.ref(id))
	if err != nil {
		d.failure = err
		return folded[S]{State: k.decider.Initial()}
	}
	stream := eventstore.Stream(k.category, id)
	if _, seen := d.expected[stream]; !seen {
		d.expected[stream] = entry.version
	}
	return entry.value.(folded[S])
}

// read folds the stream as the log has it now, beside the queue: for those who do not decide.
func (k kind[S, C, E]) read(ctx context.Context, store *eventstore.Store, id string) (S, error) {
	entry, err := load(ctx, store, nil, k.ref(id))
	if err != nil {
		return k.decider.Initial(), err
	}
	return entry.value.(folded[S]).State, nil
}

// decide lets the domain decide a command on the stream, and records what comes of it.
func (k kind[S, C, E]) decide(d *Decision, id string, command C) ([]E, error) {
	events, err := k.decider.Decide(k.state(d, id), command)
	if err != nil {
		return nil, err
	}
	k.record(d, id, events...)
	return events, nil
}

// record writes events that were decided elsewhere, and moves the state on.
func (k kind[S, C, E]) record(d *Decision, id string, events ...E) {
	if len(events) == 0 {
		return
	}
	f := k.look(d, id)
	if d.failure != nil {
		return
	}
	stream := eventstore.Stream(k.category, id)
	if d.changed == nil {
		d.changed = map[string]int64{}
	}
	d.changed[stream] = d.expected[stream]
	for _, e := range events {
		d.record(stream, e)
		f = k.then(f, e, d.Now)
	}
	d.states.put(stream, f, int64(len(events)))
}

// get returns a stream's state, loading it if it is not known.
func (s *states) get(ctx context.Context, ref Ref) (*state, error) {
	s.mu.Lock()
	s.tick++
	entry, ok := s.known[ref.stream]
	if ok {
		entry.used = s.tick
	}
	s.mu.Unlock()
	if ok {
		return entry, nil
	}
	l, err := load(ctx, s.store, s.snapshots, ref)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			s.snapshots.ask(ref) // the stream may be too long to be folded while somebody waits
		}
		return nil, err
	}
	entry = &state{ref: ref, value: l.value, version: l.version, kept: l.from}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.used = s.tick
	s.known[ref.stream] = entry
	s.due(entry, l.spoilt != nil)
	return entry, nil
}

// due asks for a snapshot of a stream that has grown since the last one, or whose snapshot is spoilt.
func (s *states) due(entry *state, spoilt bool) {
	if spoilt || entry.version-entry.kept >= SnapshotEvery {
		s.snapshots.ask(entry.ref)
		entry.kept = entry.version
	}
}

// grown looks for what is due among the streams that a drain changed. A state may be ahead of the log, or be in doubt: the
// snapshot is made of what the log has.
func (s *states) grown(drain []*task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range drain {
		for stream := range t.decision.changed {
			if entry, ok := s.known[stream]; ok {
				s.due(entry, false)
			}
		}
	}
}

func (s *states) put(stream string, value any, events int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := s.known[stream]
	entry.value, entry.version = value, entry.version+events
}

// forget drops streams whose cached state may not be what the log says.
func forget[V any](s *states, streams map[string]V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for stream := range streams {
		delete(s.known, stream)
	}
}

// trim drops the tenth that was not used for longest, once there are too many.
func (s *states) trim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) <= maxStates {
		return
	}
	oldest := s.tick
	for _, entry := range s.known {
		oldest = min(oldest, entry.used)
	}
	limit := oldest + (s.tick-oldest)/10
	for stream, entry := range s.known {
		if entry.used <= limit {
			delete(s.known, stream)
		}
	}
}

// sideBySide is how many streams are loaded at once.
const sideBySide = 8

// preload loads what the batch's commands are known to read, several streams at once. What fails is tried again, and
// reported, when a decision asks for it.
func (q *Queue) preload(ctx context.Context, batch []*task) {
	var missing []Ref
	asked := map[string]bool{}
	for _, t := range batch {
		for _, ref := range t.Reads {
			if _, ok := q.states.known[ref.stream]; !ok && !asked[ref.stream] {
				asked[ref.stream] = true
				missing = append(missing, ref)
			}
		}
	}
	if len(missing) < 2 {
		return
	}
	var loading sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	for _, ref := range missing {
		slots <- struct{}{}
		loading.Go(func() {
			defer func() { <-slots }()
			_, _ = q.states.get(ctx, ref)
		})
	}
	loading.Wait()
}
