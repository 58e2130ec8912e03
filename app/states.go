package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// maxStates bounds the cache of folded streams; the least recently used go first.
const maxStates = 20_000

// states holds folded streams as the queue's decisions left them. Only the queue's goroutine uses it, preload apart.
type states struct {
	store *eventstore.Store
	mu    sync.Mutex // preload folds several streams at once
	known map[string]*state
	tick  int64
}

// state is one stream folded to its version.
type state struct {
	value   any
	version int64
	used    int64
}

func newStates(store *eventstore.Store) *states {
	return &states{store: store, known: map[string]*state{}}
}

// Ref names a stream and knows how to fold it.
type Ref struct {
	stream string
	fold   func(value any, records []eventstore.Record) (any, error)
}

// kind ties a category of streams to its decider.
type kind[S, C any, E decider.Event] struct {
	category string
	decider  decider.Decider[S, C, E]
}

// ref names the stream of an id.
func (k kind[S, C, E]) ref(id string) Ref {
	return Ref{eventstore.Stream(k.category, id), k.fold}
}

// folded is a stream's state, and when its first and last event were recorded, ms since 1970; 0 while there is none. An event
// that is decided and not written yet has the time of its decision: its record's is not known before, and is moments later.
type folded[S any] struct {
	state       S
	first, last int64
}

// then is the stream after one more event.
func (k kind[S, C, E]) then(f folded[S], event E, at time.Time) folded[S] {
	if f.first == 0 {
		f.first = millis(at)
	}
	f.state, f.last = k.decider.Evolve(f.state, event), millis(at)
	return f
}

// fold moves a stream over records; a nil value is a stream that is not there.
func (k kind[S, C, E]) fold(value any, records []eventstore.Record) (any, error) {
	f, ok := value.(folded[S])
	if !ok {
		f.state = k.decider.Initial()
	}
	for _, record := range records {
		event, err := codec.Decode(record)
		if err != nil {
			return nil, err
		}
		e, ok := event.(E)
		if !ok {
			return nil, fmt.Errorf("position %d: %s does not belong in stream %s", record.Position, record.Type, record.Stream)
		}
		f = k.then(f, e, record.RecordedAt)
	}
	return f, nil
}

// state returns the stream's state for reading; the decision is checked against the version it saw.
func (k kind[S, C, E]) state(d *Decision, id string) S { return k.look(d, id).state }

// look returns the stream likewise, with its times.
func (k kind[S, C, E]) look(d *Decision, id string) folded[S] {
	entry, err := d.states.get(d.ctx, k.ref(id))
	if err != nil {
		d.failure = err
		return folded[S]{state: k.decider.Initial()}
	}
	stream := eventstore.Stream(k.category, id)
	if _, seen := d.expected[stream]; !seen {
		d.expected[stream] = entry.version
	}
	return entry.value.(folded[S])
}

// read folds the stream as the log has it now, beside the queue: for those who do not decide.
func (k kind[S, C, E]) read(ctx context.Context, store *eventstore.Store, id string) (S, error) {
	entry, err := load(ctx, store, k.ref(id))
	if err != nil {
		return k.decider.Initial(), err
	}
	return entry.value.(folded[S]).state, nil
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
	entry, err := load(ctx, s.store, ref)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.used = s.tick
	s.known[ref.stream] = entry
	return entry, nil
}

// load folds a stream as the log has it now.
func load(ctx context.Context, store *eventstore.Store, ref Ref) (*state, error) {
	entry := &state{}
	for {
		records, err := store.Read(ctx, eventstore.Query{Stream: ref.stream, AfterVersion: entry.version, Limit: eventstore.MaxPage})
		if err != nil {
			return nil, err
		}
		if entry.value, err = ref.fold(entry.value, records); err != nil {
			return nil, err
		}
		if len(records) > 0 {
			entry.version = records[len(records)-1].Version
		}
		if len(records) < eventstore.MaxPage {
			return entry, nil
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
