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
	class := eventstore.ErrUnavailable // full, read-only, I/O error, not a database, closed
	switch code(err) & 0xff {          // the low byte is the kind, the rest its detail
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		class = eventstore.ErrRolledBack
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
		class = eventstore.ErrRejected
	}
	return fmt.Errorf("%w: %w", class, err)
}

// classifyCommit is classify for COMMIT. SQLite rolls back when it fails, but if it was the fsync that failed, the commit
// stands complete in the WAL until the next one overwrites it, and a process killed before that would find it there.
func classifyCommit(err error) error {
	if code(err) == sqlite3.SQLITE_IOERR_FSYNC {
		return fmt.Errorf("%w: %w", eventstore.ErrOutcomeUnknown, err)
	}
	return classify(err)
}

func code(err error) int {
	var failed *sqlite.Error
	if errors.As(err, &failed) {
		return failed.Code()
	}
	return 0
}
