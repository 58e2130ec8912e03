package sqlite_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/sqlite"
	"ordermill/migrations"
)

// restored opens a backup as a folder of its own.
func restored(t *testing.T, file string) *sqlite.Database {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Rename(file, filepath.Join(dir, "log.db")))
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	return openFolder(t, dir)
}

func TestBackup_besideItsOwner_holdsOneMomentOfTheLog(t *testing.T) {
	dir := migrated(t)
	db := openFolder(t, dir)
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := appendOne(t, db, "order-"+uuid.NewString()); err != nil {
				done <- err
				return
			}
		}
	}()
	files := t.TempDir()
	var last int64
	for i := range 5 {
		file := filepath.Join(files, string(rune('a'+i)))
		made, err := sqlite.Backup(t.Context(), dir, file)
		require.NoError(t, err)
		require.GreaterOrEqual(t, made.Position, last)
		last = made.Position
		require.Equal(t, db.Driver().LogID(), made.LogID)
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, info.Size(), made.Bytes)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	close(stop)
	require.NoError(t, <-done)
	require.Positive(t, last)

	copied := restored(t, filepath.Join(files, "e"))
	want, err := db.Driver().Read(t.Context(), eventstore.Query{Limit: int(last)})
	require.NoError(t, err)
	have, err := copied.Driver().Read(t.Context(), eventstore.Query{Limit: int(last) + 1})
	require.NoError(t, err)
	require.Equal(t, want, have)
	durable, _ := copied.Durable()
	_, err = durable.Exec(`DELETE FROM events`)
	require.ErrorContains(t, err, "append-only")
	left, err := os.ReadDir(files)
	require.NoError(t, err)
	require.Len(t, left, 4, "nothing else is left there: no -wal, no partial")
}

func TestBackup_fileIsThere_staysAsItIs(t *testing.T) {
	dir := migrated(t)
	file := filepath.Join(t.TempDir(), "shop.db")
	require.NoError(t, os.WriteFile(file, []byte("yesterday's"), 0o600))
	_, err := sqlite.Backup(t.Context(), dir, file)
	require.ErrorIs(t, err, fs.ErrExist)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "yesterday's", string(content))
}

func TestBackup_refused_leavesNothing(t *testing.T) {
	gap := func(t *testing.T) string {
		dir := migrated(t)
		db := openFolder(t, dir)
		require.NoError(t, appendOne(t, db, "order-1"))
		raw, err := sql.Open("sqlite", filepath.Join(dir, "log.db"))
		require.NoError(t, err)
		defer raw.Close()
		_, err = raw.Exec(`INSERT INTO events SELECT 3, 'order-2', 1, 'e', type, 1, command_id, data, metadata, recorded_at FROM events`)
		require.NoError(t, err)
		return dir
	}
	empty := func(t *testing.T) string {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "log.db"), nil, 0o600))
		return dir
	}
	for name, c := range map[string]struct {
		dir  func(*testing.T) string
		says string
		is   error
	}{
		"no log.db":    {func(t *testing.T) string { return t.TempDir() }, "log.db", fs.ErrNotExist},
		"not migrated": {empty, "", migrations.ErrNotMigrated},
		"a gap":        {gap, "2 events, the last one at position 3", nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir, files := c.dir(t), t.TempDir()
			_, err := sqlite.Backup(t.Context(), dir, filepath.Join(files, "shop.db"))
			require.ErrorContains(t, err, c.says)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			left, err := os.ReadDir(files)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestBackup_oddNames_work(t *testing.T) {
	odd := "file:a b?c#d%20é&mode=ro"
	dir := filepath.Join(t.TempDir(), odd)
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	t.Chdir(t.TempDir())
	_, err := sqlite.Backup(t.Context(), dir, odd)
	require.NoError(t, err)
	require.FileExists(t, odd)
	require.NoError(t, appendOne(t, restored(t, odd), "order-1"))
}
