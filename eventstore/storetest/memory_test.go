package storetest_test

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// memory is a driver that keeps the log in slices. Its faults, all off in a right one, are mistakes that real stores make.
type memory struct {
	faults
	id uuid.UUID

	lock     sync.Mutex // of the log: held by an append from its look to its commit
	mu       sync.Mutex // of the fields below
	records  []eventstore.Record
	receipts map[eventstore.ReceiptKey]eventstore.Receipt
	skipped  int64
}

type faults struct {
	lostUpdate      bool // looks before it takes the lock
	reorderedRead   bool // two neighbours change places
	missingRead     bool // a long page leaves a record out
	swallowedError  bool // a failed write is reported as done
	halfWritten     bool // a failed write leaves its first record behind
	skippedPosition bool // a rollback uses up a position
	caseBlind       bool // receipt keys that differ in case are the same
	lostReceipt     bool // receipts without events are not kept
	tidyJSON        bool // data is not kept byte for byte
	oldestLatest    bool // Latest gives the oldest
	deafToCancel    bool // goes on for a caller who is gone, and reports it as an error
	notRejected     bool // a value it cannot hold is called a passing trouble
	wrongUnknown    bool // after a lost reply it finds what is not there
}

func newMemory(f faults) *memory {
	return &memory{faults: f, id: uuid.New(), receipts: map[eventstore.ReceiptKey]eventstore.Receipt{}}
}

func (m *memory) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	if err := ctx.Err(); err != nil && !m.deafToCancel {
		return err
	}
	early := m.look(lookup)
	m.lock.Lock()
	defer m.lock.Unlock()
	found := m.look(lookup)
	if m.lostUpdate {
		early.Tail = found.Tail
		found = early
		for range 100 {
			runtime.Gosched() // the others have looked by now
		}
	}
	rows := plan(found)
	if err := m.write(rows); err != nil {
		m.skipped++
		if m.swallowedError {
			return nil
		}
		if m.notRejected {
			return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
		}
		return fmt.Errorf("%w: %w", eventstore.ErrRejected, err)
	}
	if m.deafToCancel {
		return ctx.Err()
	}
	return nil
}

func (m *memory) look(lookup eventstore.Lookup) eventstore.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := eventstore.Snapshot{Versions: map[string]int64{}, Receipts: map[eventstore.ReceiptKey]eventstore.Receipt{}, EventIDs: map[uuid.UUID]bool{}}
	if n := len(m.records); n > 0 {
		last := m.records[n-1]
		found.Tail = eventstore.Tail{Position: last.Position, EventID: last.EventID, RecordedAt: last.RecordedAt}
	}
	for _, stream := range lookup.Streams {
		found.Versions[stream] = m.version(stream)
	}
	for _, key := range lookup.Receipts {
		if r, ok := m.receipts[m.fold(key)]; ok {
			r.Scope, r.Key = key.Scope, key.Key
			found.Receipts[key] = r
		}
	}
	for _, id := range lookup.EventIDs {
		if m.wrongUnknown || slices.ContainsFunc(m.records, func(r eventstore.Record) bool { return r.EventID == id }) {
			found.EventIDs[id] = true
		}
	}
	return found
}

func (m *memory) version(stream string) (version int64) {
	for _, r := range m.records {
		if r.Stream == stream {
			version = r.Version
		}
	}
	return version
}

func (m *memory) fold(key eventstore.ReceiptKey) eventstore.ReceiptKey {
	if m.caseBlind && key.Key == "K" {
		key.Key = "k"
	}
	return key
}

func (m *memory) write(rows eventstore.Rows) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.records)
	for i, r := range rows.Records {
		if slices.ContainsFunc(m.records, func(old eventstore.Record) bool { return old.EventID == r.EventID }) {
			if !m.halfWritten {
				m.records = m.records[:before]
			}
			return fmt.Errorf("event %s is there already", r.EventID)
		}
		if m.lostUpdate {
			r.Version = m.version(r.Stream) + 1
		}
		if m.skippedPosition && i == 0 {
			r.Position += m.skipped
			m.skipped = 0
		}
		if m.tidyJSON {
			r.Data = slices.DeleteFunc(slices.Clone(r.Data), func(b byte) bool { return b == ' ' })
		}
		m.records = append(m.records, r)
	}
	for _, r := range rows.Receipts {
		if m.lostReceipt && len(rows.Records) == 0 {
			continue
		}
		m.receipts[m.fold(eventstore.ReceiptKey{Scope: r.Scope, Key: r.Key})] = r.Receipt
	}
	return nil
}

func (m *memory) Read(ctx context.Context, q eventstore.Query) ([]eventstore.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []eventstore.Record
	for _, r := range m.records {
		if q.Stream == "" && r.Position > q.After || q.Stream == r.Stream && r.Version > q.AfterVersion {
			all = append(all, r)
		}
	}
	if m.missingRead && len(all) > 20 {
		all = slices.Delete(all, 10, 11)
	}
	if q.Latest && !m.oldestLatest {
		all = all[max(0, len(all)-q.Limit):]
	}
	all = all[:min(len(all), q.Limit)]
	if m.reorderedRead && len(all) > 2 {
		slices.SortStableFunc(all, func(a, b eventstore.Record) int { return cmp.Compare(a.Stream, b.Stream) })
	}
	return all, nil
}

func (m *memory) LogID() uuid.UUID              { return m.id }
func (m *memory) Notify(context.Context, int64) {}
func (m *memory) Close() error                  { return nil }

func (m *memory) Listen(ctx context.Context, _ func(int64)) error {
	<-ctx.Done()
	return ctx.Err()
}
