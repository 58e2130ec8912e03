package projections

import (
	"context"
	"sync"
	"time"

	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

const (
	// window is how many pages a build may be ahead of another one that reads the same pages.
	window = 4
	// stepAtMost bounds how long a build waits for one that falls behind, which then reads for itself.
	stepAtMost = 5 * time.Second
)

// Reader reads the log for the builds of one process. Builds that run side by side get the same pages, so each is read once and each
// event decoded once, for all of them; the fast ones keep in step with the slow ones. It keeps the pages that some build has not
// had and that another one has read already: window and two more, of at most eventstore.MaxPage events, for builds side by side.
type Reader struct {
	store *eventstore.Store
	gate  *gate

	mu    sync.Mutex
	lanes map[*lane]struct{}
	pages map[span]*logPage
	moved chan struct{} // closed, and another one put in its place, when a lane has moved or ended
}

// NewReader makes the reader of a log that models share, see WithReader.
func NewReader(store *eventstore.Store) *Reader {
	return &Reader{store: store, gate: newGate(store), lanes: map[*lane]struct{}{}, pages: map[span]*logPage{}, moved: make(chan struct{})}
}

// span names a page.
type span struct {
	after int64
	limit int
}

// logPage is a part of the log, or why it could not be read.
type logPage struct {
	by     context.Context // of the build that reads it
	read   chan struct{}   // closed when the rest is there
	events []logEvent
	err    error
}

// logEvent is a record that is decoded when the first build asks for it.
type logEvent struct {
	*eventstore.Record
	once sync.Once
	fact decider.Event
	err  error
}

func (e *logEvent) decode() (decider.Event, error) {
	e.once.Do(func() { e.fact, e.err = codec.Decode(*e.Record) })
	return e.fact, e.err
}

func (p *logPage) last() int64 { return p.events[len(p.events)-1].Position }

// lane is one build's way through the log.
type lane struct {
	reader  *Reader
	size    int  // events of a page
	inStep  bool // it waits for slower ones
	next    int64
	reading sync.WaitGroup
}

// lane opens a lane, which is to be closed.
func (r *Reader) lane(from int64, size int, inStep bool) *lane {
	l := &lane{reader: r, size: size, inStep: inStep, next: from}
	if inStep {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lanes[l] = struct{}{}
	}
	return l
}

// close waits for what the lane is reading, whose context must have ended.
func (l *lane) close() {
	l.reading.Wait()
	r := l.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lanes, l)
	r.changed()
}

// page returns the events after a position, at most a page and none after last, and begins to read those that follow. A page without
// events is the end.
func (l *lane) page(ctx context.Context, after, last int64) (*logPage, error) {
	if after >= last {
		return &logPage{}, nil
	}
	if err := l.step(ctx, after); err != nil {
		return nil, err
	}
	for {
		limit := int(min(int64(l.size), last-after))
		p := l.start(ctx, span{after, limit})
		select {
		case <-p.read:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		switch {
		case p.err != nil && p.by.Err() != nil && ctx.Err() == nil:
			continue // the build that read it was ended, this one was not
		case p.err != nil:
			return nil, p.err
		case len(p.events) == limit && p.last() < last:
			l.start(ctx, span{p.last(), int(min(int64(l.size), last-p.last()))})
		}
		return p, nil
	}
}

// step tells where the lane is, and waits until no other one is just out of reach behind it.
func (l *lane) step(ctx context.Context, after int64) error {
	if !l.inStep {
		return nil
	}
	patience := time.NewTimer(stepAtMost)
	defer patience.Stop()
	r := l.reader
	for {
		r.mu.Lock()
		if l.next != after {
			l.next = after
			r.changed()
		}
		wait, moved := r.awaited(l), r.moved
		r.mu.Unlock()
		if !wait {
			return nil
		}
		select {
		case <-moved:
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// awaited reports whether some lane would lose the pages it needs if l went on. One that is farther behind has lost them already.
func (r *Reader) awaited(l *lane) bool {
	for other := range r.lanes {
		if gap := l.next - other.next; gap > other.reach()-int64(other.size) && gap <= other.reach() {
			return true
		}
	}
	return false
}

// reach is how far behind a page the lane may be and still be kept it.
func (l *lane) reach() int64 { return window * int64(l.size) }

// changed drops the pages that no lane will ask for soon, and wakes who waits for a lane. r.mu is held.
func (r *Reader) changed() {
	for s := range r.pages {
		if !r.wanted(s) {
			delete(r.pages, s)
		}
	}
	close(r.moved)
	r.moved = make(chan struct{})
}

func (r *Reader) wanted(s span) bool {
	for l := range r.lanes {
		if gap := s.after - l.next; gap >= 0 && gap <= l.reach()+int64(l.size) {
			return true
		}
	}
	return false
}

// start returns a page that somebody reads, or has read, or that the lane begins to read.
func (l *lane) start(ctx context.Context, s span) *logPage {
	r := l.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.pages[s]; ok {
		return p
	}
	p := &logPage{by: ctx, read: make(chan struct{})}
	r.pages[s] = p
	l.reading.Go(func() { r.read(ctx, s, p) })
	return p
}

func (r *Reader) read(ctx context.Context, s span, p *logPage) {
	defer close(p.read)
	records, err := r.store.Read(ctx, eventstore.Query{After: s.after, Limit: s.limit})
	p.err = err
	p.events = make([]logEvent, len(records))
	for i := range records {
		p.events[i].Record = &records[i]
	}
	if err == nil && len(records) == s.limit {
		return
	}
	r.mu.Lock() // the next one to ask for it looks again: there may be more
	defer r.mu.Unlock()
	if r.pages[s] == p {
		delete(r.pages, s)
	}
}
