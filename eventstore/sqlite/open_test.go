package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/eventstore"
	"ordermill/eventstore/sqlite"
	"ordermill/migrations"
)

func TestOpen_secondOwner_isRefused(t *testing.T) {
	dir := migrated(t)
	first, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	_, err = sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.ErrorIs(t, err, sqlite.ErrInUse)
	require.ErrorContains(t, err, dir)
	require.ErrorIs(t, sqlite.Migrate(t.Context(), dir), sqlite.ErrInUse)
	require.NoError(t, first.Close())
	openFolder(t, dir)
}

func TestOpen_notMigrated_saysWhatToDo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	_, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.ErrorIs(t, err, migrations.ErrNotMigrated)
	require.ErrorContains(t, err, "ordermill migrate")
	require.NoDirExists(t, dir, "a refused folder is not made")
}

func TestOpen_otherVersion_isRefused(t *testing.T) {
	for change, want := range map[string]error{
		`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`: migrations.ErrNotMigrated,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`:                           migrations.ErrNewer,
	} {
		dir := migrated(t)
		raw, err := sql.Open("sqlite", filepath.Join(dir, "log.db"))
		require.NoError(t, err)
		_, err = raw.Exec(change)
		require.NoError(t, err)
		require.NoError(t, raw.Close())
		_, err = sqlite.Open(t.Context(), dir, sqlite.Options{})
		require.ErrorIs(t, err, want)
		if want == migrations.ErrNewer {
			require.ErrorIs(t, sqlite.Migrate(t.Context(), dir), want)
		}
	}
}

func TestOpen_again_findsEverything(t *testing.T) {
	dir := migrated(t)
	require.NoError(t, sqlite.Migrate(t.Context(), dir), "migrating twice is migrating once")
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	id := db.Driver().LogID()
	store := eventstore.New(db.Driver())
	outcomes, err := store.Append(t.Context(), []eventstore.Request{request("order-1", 0)})
	require.NoError(t, err)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
	require.NoError(t, store.Close())
	require.NoError(t, db.Close())

	again := openFolder(t, dir)
	require.Equal(t, id, again.Driver().LogID())
	records, err := again.Driver().Read(t.Context(), eventstore.Query{Limit: 10})
	require.NoError(t, err)
	require.Len(t, records, 1)
}

func TestOpen_oddFolderName_works(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%20é&mode=ro")
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	db := openFolder(t, dir)
	require.FileExists(t, filepath.Join(dir, "log.db"))
	require.NoError(t, appendOne(t, db, "order-1"))
}

func TestClose_leavesNothingRunning(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	db, err := sqlite.Open(t.Context(), migrated(t), sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, appendOne(t, db, "order-1"))
	require.NoError(t, db.Close())
	goleak.VerifyNone(t, ignore)
}

func TestHandles_durability_isAsPromised(t *testing.T) {
	db := open(t)
	type pair func() (*sql.DB, *sql.DB)
	for name, c := range map[string]struct {
		handles pair
		level   int // 2: FULL, 1: NORMAL
	}{"durable": {db.Durable, 2}, "log": {db.Log, 1}, "read": {db.Read, 1}} {
		write, read := c.handles()
		var level int
		require.NoError(t, write.QueryRow(`PRAGMA synchronous`).Scan(&level))
		require.Equal(t, c.level, level, name)
		_, err := read.Exec(`CREATE TABLE x (y int)`)
		require.ErrorContains(t, err, "readonly", name)
		var now int64
		require.NoError(t, read.QueryRow(`SELECT now_ms()`).Scan(&now))
		require.InDelta(t, time.Now().UnixMilli(), now, 60_000)
	}
}

func TestGate_manyWriters_neverMeetSQLitesLock(t *testing.T) {
	db := open(t)
	durable, _ := db.Durable()
	consumers, _ := db.Log()
	_, err := durable.Exec(`INSERT INTO consumers (name) VALUES ('c')`)
	require.NoError(t, err)
	const each = 20
	var writers sync.WaitGroup
	for _, write := range []func(i int) error{
		func(int) error { return appendOne(t, db, "order-"+uuid.NewString()) },
		func(int) error {
			_, err := consumers.Exec(`UPDATE consumers SET position = position + 1 WHERE name = $1`, "c")
			return err
		},
		func(int) error { // as a compare-and-set with RETURNING does it
			var position int64
			return consumers.QueryRow(`UPDATE consumers SET position = position + 1 WHERE name = $1 RETURNING position`, "c").Scan(&position)
		},
		func(int) error {
			tx, err := durable.Begin()
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE consumers SET position = position + 1 WHERE name = $1`, "c"); err != nil {
				return err
			}
			return tx.Commit()
		},
	} {
		for range 2 {
			writers.Go(func() {
				for i := range each {
					if err := write(i); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writers.Wait()
	var position int64
	require.NoError(t, durable.QueryRow(`SELECT position FROM consumers`).Scan(&position))
	require.Equal(t, int64(6*each), position)
	records, err := db.Driver().Read(t.Context(), eventstore.Query{Latest: true, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, int64(2*each), records[0].Position)
}

func TestGate_held_waitersGiveUpWithTheirContext(t *testing.T) {
	db := open(t)
	consumers, _ := db.Log()
	tx, err := consumers.Begin()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = db.Driver().Append(ctx, eventstore.Lookup{}, func(eventstore.Snapshot) eventstore.Rows { return eventstore.Rows{} })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	durable, _ := db.Durable()
	_, err = durable.ExecContext(ctx, `DELETE FROM inbox`)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, tx.Rollback())
	require.NoError(t, appendOne(t, db, "order-1"))
}

func TestMigrate_folder_isForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func request(stream string, expected int64) eventstore.Request {
	return eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{stream: expected},
		Events: []eventstore.Event{{Stream: stream, Type: "test.happened", SchemaVersion: 1, Data: []byte(`{}`), Metadata: []byte(`{}`)}}}
}

// appendOne writes one event to a new stream through the driver alone.
func appendOne(t testing.TB, db *sqlite.Database, stream string) error {
	return db.Driver().Append(t.Context(), eventstore.Lookup{}, func(found eventstore.Snapshot) eventstore.Rows {
		return eventstore.Rows{Records: []eventstore.Record{{Position: found.Tail.Position + 1, Stream: stream, Version: 1, EventID: uuid.New(),
			Type: "test.happened", SchemaVersion: 1, CommandID: uuid.New(), Data: []byte(`{}`), Metadata: []byte(`{}`), RecordedAt: found.Tail.RecordedAt}}}
	})
}
