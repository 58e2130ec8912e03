package sqlite_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/storetest"
)

func TestDriver_keepsTheLogsPromises(t *testing.T) {
	storetest.Run(t, func(t storetest.T) storetest.Log {
		db := open(t.(testing.TB))
		durable, _ := db.Durable()
		return storetest.Log{
			Driver: db.Driver(),
			Tamper: []string{
				`UPDATE events SET data = '{}' WHERE position = 1`,
				`DELETE FROM events`,
				`DELETE FROM events WHERE position = 2`,
				`INSERT OR REPLACE INTO events SELECT * FROM events WHERE position = 1`,
				`UPDATE OR REPLACE events SET version = 2 WHERE version = 1`,
				`UPDATE receipts SET response = 'x'`,
				`DELETE FROM receipts`,
				`INSERT OR REPLACE INTO receipts SELECT * FROM receipts`,
				`UPDATE log SET log_id = 'other'`,
				`DELETE FROM log`,
			},
			Exec: func(ctx context.Context, sql string) error { _, err := durable.ExecContext(ctx, sql); return err },
		}
	})
}

// open makes a new folder and opens it for the test's life.
func open(t testing.TB) *sqlite.Database {
	t.Helper()
	return openFolder(t, migrated(t))
}

func migrated(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	return dir
}

func openFolder(t testing.TB, dir string) *sqlite.Database {
	t.Helper()
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
