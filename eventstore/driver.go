package eventstore

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Driver is what a database must do for the log. storetest checks every promise made here.
type Driver interface {
	// Append runs one append transaction: take the log's one lock, and only then look up what lookup names;
	// call plan once with what was found; write the rows it returns; commit. If plan returns no rows, nothing is
	// written and the transaction is rolled back.
	//
	// The lock is held until the commit is visible, so appends are strictly one after another, in every process.
	// An error wraps exactly one of ErrRolledBack, ErrRejected, ErrUnavailable or ErrOutcomeUnknown, or is the context's own
	// while nothing was sent to commit.
	Append(ctx context.Context, lookup Lookup, plan func(Snapshot) Rows) error

	// Read returns records in order of position, at most query.Limit; fewer only at the end of what the query asks for.
	// An error wraps ErrUnavailable or is the context's own.
	Read(ctx context.Context, query Query) ([]Record, error)

	// LogID is the UUID the log was given when it was made; a swapped or restored log has another, or other events.
	LogID() uuid.UUID

	// Notify tells other processes, best effort and at most once for many calls in a burst, that the log has grown to head.
	Notify(ctx context.Context, head int64)

	// Listen calls woken for other processes' Notify until ctx ends or the connection is lost. It may miss some: readers poll too.
	Listen(ctx context.Context, woken func(head int64)) error

	// Close frees the connections. It is called once, after every other call has returned.
	Close() error
}

// Lookup is what an append must know before it may write.
type Lookup struct {
	Streams  []string     // whose versions to read
	Receipts []ReceiptKey // which of these exist
	EventIDs []uuid.UUID  // which of these exist (only asked after a lost reply)
}

// ReceiptKey names a receipt.
type ReceiptKey struct{ Scope, Key string }

// Snapshot is what the driver found under the lock.
type Snapshot struct {
	Tail     Tail
	Versions map[string]int64 // a stream that is not there may be missing: version 0
	Receipts map[ReceiptKey]Receipt
	EventIDs map[uuid.UUID]bool
}

// Tail is the last record of the log; zero when it is empty.
type Tail struct {
	Position   int64
	EventID    uuid.UUID
	RecordedAt time.Time
}

// Rows is what an append writes, complete to the last column.
type Rows struct {
	Records  []Record
	Receipts []ReceiptRow
}

// Empty reports whether there is nothing to write.
func (r Rows) Empty() bool { return len(r.Records) == 0 && len(r.Receipts) == 0 }

// ReceiptRow is a receipt with the command that earned it.
type ReceiptRow struct {
	Receipt
	CommandID  uuid.UUID
	RecordedAt time.Time
}

// Query selects records: of the whole log after a position, or of one stream after a version.
type Query struct {
	After        int64  // position; used when Stream is empty
	Stream       string // one stream, or "" for the whole log
	AfterVersion int64  // used with Stream
	Latest       bool   // the newest Limit records of what is asked, instead of the oldest; still in ascending order
	Limit        int    // 1..MaxPage
}

// MaxPage is the most records one Read returns.
const MaxPage = 5000
