package sqlite

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	sqlite3 "modernc.org/sqlite/lib"

	"ordermill/eventstore"
)

// faultyStore opens a folder and gives the driver's own connection too, where faults are made with pragmas.
func faultyStore(t *testing.T) (*eventstore.Store, *logDriver) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, Migrate(t.Context(), dir))
	db, err := Open(t.Context(), dir, Options{})
	require.NoError(t, err)
	store := eventstore.New(db.Driver())
	t.Cleanup(func() {
		require.NoError(t, store.Close())
		require.NoError(t, db.Close())
	})
	return store, db.log
}

func big(stream string) eventstore.Request {
	data := fmt.Sprintf(`{"filler":%q}`, strings.Repeat("x", 20_000))
	return eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{stream: 0},
		Receipts: []eventstore.Receipt{{Scope: "s", Key: stream, Fingerprint: []byte("f"), Response: []byte("r")}},
		Events:   []eventstore.Event{{Stream: stream, Type: "test.happened", SchemaVersion: 1, Data: []byte(data), Metadata: []byte(`{}`)}}}
}

func TestAppend_diskFull_isUnavailableUntilThereIsRoom(t *testing.T) {
	store, driver := faultyStore(t)
	var pages int
	require.NoError(t, driver.write.QueryRow(`PRAGMA page_count`).Scan(&pages))
	limit := func(n int) {
		t.Helper()
		_, err := driver.write.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, n))
		require.NoError(t, err)
	}
	limit(pages + 40)
	acknowledged := 0
	var err error
	for ; err == nil && acknowledged < 1000; acknowledged++ {
		_, err = store.Append(t.Context(), []eventstore.Request{big(fmt.Sprintf("order-%d", acknowledged))})
	}
	acknowledged-- // the last one failed
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	require.Positive(t, acknowledged)
	limit(1 << 30)
	outcomes, err := store.Append(t.Context(), []eventstore.Request{big(fmt.Sprintf("order-%d", acknowledged))})
	require.NoError(t, err, "recovers without help")
	next := int64(acknowledged + 1)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: next, Last: next}}, outcomes, "the refused one left nothing behind")
}

func TestAppend_readOnly_isUnavailableUntilItIsNot(t *testing.T) {
	store, driver := faultyStore(t)
	set := func(on int) {
		t.Helper()
		_, err := driver.write.Exec(fmt.Sprintf(`PRAGMA query_only = %d`, on))
		require.NoError(t, err)
	}
	set(1)
	_, err := store.Append(t.Context(), []eventstore.Request{big("order-1")})
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	set(0)
	outcomes, err := store.Append(t.Context(), []eventstore.Request{big("order-1")})
	require.NoError(t, err)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
}

func TestAppend_lockedByAnotherProgram_isTriedAgain(t *testing.T) {
	store, driver := faultyStore(t)
	_, err := driver.write.Exec(`PRAGMA busy_timeout = 1`)
	require.NoError(t, err)
	var path string
	require.NoError(t, driver.read.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path))
	shell, err := handle(path, full, 1, nil) // somebody's database shell: it knows nothing of the gate
	require.NoError(t, err)
	defer func() { require.NoError(t, shell.Close()) }()
	held, err := shell.Begin()
	require.NoError(t, err)
	require.ErrorIs(t, driver.Append(t.Context(), eventstore.Lookup{}, func(eventstore.Snapshot) eventstore.Rows { return eventstore.Rows{} }), eventstore.ErrRolledBack)
	done := make(chan error, 1)
	go func() {
		_, err := store.Append(context.Background(), []eventstore.Request{big("order-1")})
		done <- err
	}()
	require.NoError(t, held.Rollback())
	require.NoError(t, <-done)
}

func TestClassify_code_decidesTheClass(t *testing.T) {
	for code, want := range map[int]error{
		sqlite3.SQLITE_FULL:                  eventstore.ErrUnavailable,
		sqlite3.SQLITE_IOERR_WRITE:           eventstore.ErrUnavailable,
		sqlite3.SQLITE_IOERR_FSYNC:           eventstore.ErrUnavailable,
		sqlite3.SQLITE_READONLY_DBMOVED:      eventstore.ErrUnavailable,
		sqlite3.SQLITE_CANTOPEN:              eventstore.ErrUnavailable,
		sqlite3.SQLITE_CORRUPT:               eventstore.ErrUnavailable,
		sqlite3.SQLITE_BUSY_SNAPSHOT:         eventstore.ErrRolledBack,
		sqlite3.SQLITE_LOCKED:                eventstore.ErrRolledBack,
		sqlite3.SQLITE_CONSTRAINT_UNIQUE:     eventstore.ErrRejected,
		sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: eventstore.ErrRejected,
		sqlite3.SQLITE_TOOBIG:                eventstore.ErrRejected,
	} {
		require.ErrorIs(t, classOf(code), want, "code %d", code)
	}
	require.ErrorIs(t, classOfCommit(sqlite3.SQLITE_IOERR_FSYNC), eventstore.ErrOutcomeUnknown)
	require.ErrorIs(t, classOfCommit(sqlite3.SQLITE_FULL), eventstore.ErrUnavailable)
	require.NoError(t, classify(nil))
	require.NoError(t, classifyCommit(nil))
}
