package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"ordermill/eventstore"
)

// classify puts an error from before COMMIT into one of the classes that eventstore.Driver promises; the transaction is
// or will be rolled back.
func classify(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", classOf(code(err)), err)
}

// classifyCommit is classify for COMMIT.
func classifyCommit(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", classOfCommit(code(err)), err)
}

func classOf(code int) error {
	switch code & 0xff { // the low byte is the kind, the rest its detail
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return eventstore.ErrRolledBack
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
		return eventstore.ErrRejected
	}
	return eventstore.ErrUnavailable // full, read-only, I/O error, not a database, closed
}

// classOfCommit: SQLite rolls a failed COMMIT back, but if it was the fsync that failed, the commit stands complete in the
// WAL until the next one overwrites it, and a process killed before that would find it there.
func classOfCommit(code int) error {
	if code == sqlite3.SQLITE_IOERR_FSYNC {
		return eventstore.ErrOutcomeUnknown
	}
	return classOf(code)
}

func code(err error) int {
	var failed *sqlite.Error
	if errors.As(err, &failed) {
		return failed.Code()
	}
	return 0
}
