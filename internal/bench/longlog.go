package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

const (
	livesAtOnce    = 1000 // orders that are on their way at any time of a long log
	commandsAtOnce = 400  // of one append to it
)

// longLog writes a log of at least so many events: recorded lives, each with ids of its own, many at once.
type longLog struct {
	store    *eventstore.Store
	lives    []*life
	begun    int
	versions map[string]int64 // of the streams of SKUs, and of the orders on their way
	waiting  []eventstore.Request
	written  int64
}

// underway is a life that is being written.
type underway struct {
	*life
	ids  []string
	next int // command
}

// lengthen brings the log to at least so many events, and returns how many there are.
func (l *longLog) lengthen(ctx context.Context, events int64) (int64, error) {
	var alive []*underway
	for l.written < events {
		if len(alive) < livesAtOnce {
			alive = append(alive, l.begin())
		}
		kept := alive[:0]
		for _, u := range alive {
			if err := l.happens(ctx, u); err != nil {
				return 0, err
			}
			if u.next < len(u.commands) {
				kept = append(kept, u)
			} else {
				kept = append(kept, l.begin())
			}
		}
		alive = kept
	}
	return l.written, l.flush(ctx)
}

func newLongLog(ctx context.Context, store *eventstore.Store) (*longLog, error) {
	lives, err := recordLives(ctx)
	if err != nil {
		return nil, fmt.Errorf("record what happens to orders: %w", err)
	}
	l := &longLog{store: store, lives: lives[1:], versions: map[string]int64{}}
	for i := range spreadSKUs {
		u := &underway{life: lives[0], ids: lives[0].newIDs(i)}
		for u.next < len(u.commands) {
			if err := l.happens(ctx, u); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

func (l *longLog) begin() *underway {
	l.begun++
	life := l.lives[l.begun%len(l.lives)]
	return &underway{life: life, ids: life.newIDs(l.begun % spreadSKUs)}
}

// happens writes a life's next command.
func (l *longLog) happens(ctx context.Context, u *underway) error {
	request := eventstore.Request{CommandID: uuid.Must(uuid.NewV7()), Expected: map[string]int64{}}
	for _, m := range u.commands[u.next] {
		e := m.Event
		e.Stream, e.Data, e.Metadata = m.stream.fill(u.ids), json.RawMessage(m.data.fill(u.ids)), json.RawMessage(m.metadata.fill(u.ids))
		if _, ok := request.Expected[e.Stream]; !ok {
			request.Expected[e.Stream] = l.versions[e.Stream]
		}
		l.versions[e.Stream]++
		request.Events = append(request.Events, e)
	}
	u.next++
	l.written += int64(len(request.Events))
	if l.waiting = append(l.waiting, request); len(l.waiting) < commandsAtOnce {
		return nil
	}
	return l.flush(ctx)
}

func (l *longLog) flush(ctx context.Context) error {
	outcomes, err := l.store.Append(ctx, l.waiting)
	l.waiting = nil
	if err != nil {
		return err
	}
	for _, outcome := range outcomes {
		if _, ok := outcome.(eventstore.Appended); !ok {
			return fmt.Errorf("writing a long log: %#v", outcome)
		}
	}
	return nil
}
