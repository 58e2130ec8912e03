package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// Ref names a stream and knows how to fold it.
type Ref struct {
	stream string
	kind   folder
}

// folder is what a stream's kind does with the stream's events. Values are of a type that only the kind knows.
type folder interface {
	// fold moves a value over records; nil is a stream that is not there.
	fold(value any, records []eventstore.Record) (any, error)
	// snapshots is the version under which snapshots of values are kept; 0: none are.
	snapshots() int
	// pack writes a value down, and unpack reads the same value again.
	pack(value any) ([]byte, error)
	unpack(text []byte) (any, error)
}

// kind ties a category of streams to its decider.
type kind[S, C any, E decider.Event] struct {
	category string
	decider  decider.Decider[S, C, E]
	// version of the state's shape and of evolve: raise it with any change of what a history folds to, so that snapshots from
	// before it are not used. TestState_ofAKnownHistory fails until it is. 0: these streams stay short and get no snapshots.
	version int
}

// ref names the stream of an id.
func (k kind[S, C, E]) ref(id string) Ref { return Ref{eventstore.Stream(k.category, id), k} }

// folded is a stream's state, and when its first and last event were recorded, ms since 1970; 0 while there is none. An event
// that is decided and not written yet has the time of its decision: its record's is not known before, and is moments later.
type folded[S any] struct {
	State S     `json:"state"`
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

func (k kind[S, C, E]) fold(value any, records []eventstore.Record) (any, error) {
	f, ok := value.(folded[S])
	if !ok {
		f.State = k.decider.Initial()
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

func (k kind[S, C, E]) snapshots() int { return k.version }

func (k kind[S, C, E]) pack(value any) ([]byte, error) { return json.Marshal(value) }

// unpack is strict: a member that the state has no field for would be a fact lost.
func (k kind[S, C, E]) unpack(text []byte) (any, error) {
	var f folded[S]
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, err
	}
	return f, nil
}

// loaded is a stream folded to its head, and what it was folded from.
type loaded struct {
	value   any
	version int64     // of the stream's last event; 0: the stream is not there
	eventID uuid.UUID // of that event
	at      int64     // its position in the log
	from    int64     // the version of the snapshot that spared the events up to it; 0: all were folded
	spoilt  *string   // the checksum column of a snapshot that is of no use; nil: there is no such row
}

// load folds a stream as the log has it now: from its snapshot, if there is one that belongs to this log and is whole, else
// from its start.
func load(ctx context.Context, store *eventstore.Store, snapshots *Snapshots, ref Ref) (loaded, error) {
	l, checksum := snapshots.find(ctx, ref)
	if l.from == 0 {
		l.spoilt = checksum
		return l.on(ctx, store, ref, nil)
	}
	// The snapshot's own event is read as well: a log that was restored or swapped has another one there, or none.
	records, err := page(ctx, store, ref, l.from-1)
	switch {
	case err != nil:
		return loaded{}, err
	case len(records) == 0 || records[0].EventID != l.eventID:
		snapshots.useless(ref, errAnotherPast)
		return loaded{spoilt: checksum}.on(ctx, store, ref, nil)
	}
	return l.on(ctx, store, ref, records)
}

// on folds what follows, beginning with records that were read already, if any.
func (l loaded) on(ctx context.Context, store *eventstore.Store, ref Ref, read []eventstore.Record) (loaded, error) {
	for {
		var err error
		if read == nil {
			if read, err = page(ctx, store, ref, l.version); err != nil {
				return loaded{}, err
			}
		}
		unfolded := read
		if len(read) > 0 && read[0].Version == l.version {
			unfolded = read[1:]
		}
		if l.value, err = ref.kind.fold(l.value, unfolded); err != nil {
			return loaded{}, err
		}
		if len(read) > 0 {
			last := read[len(read)-1]
			l.version, l.eventID, l.at = last.Version, last.EventID, last.Position
		}
		if len(read) < eventstore.MaxPage {
			return l, nil
		}
		read = nil
	}
}

func page(ctx context.Context, store *eventstore.Store, ref Ref, after int64) ([]eventstore.Record, error) {
	return store.Read(ctx, eventstore.Query{Stream: ref.stream, AfterVersion: after, Limit: eventstore.MaxPage})
}
