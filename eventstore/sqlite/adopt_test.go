package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore/sqlite"
)

// logID opens the folder for a moment.
func logID(t *testing.T, dir string) uuid.UUID {
	t.Helper()
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	return db.Driver().LogID()
}

// An adoption that ends half-way must be one that is made again: a log that has its new id already is not adopted, and read models
// of the old one would stay beside it.
func TestAdopt_readModelsCannotBeForgotten_theLogKeepsItsID(t *testing.T) {
	dir := migrated(t)
	old, read := logID(t, dir), filepath.Join(dir, "read.db")
	require.NoError(t, os.RemoveAll(read))
	require.NoError(t, os.MkdirAll(filepath.Join(read, "stuck"), 0o700)) // not to be removed like a file

	id := uuid.New()
	require.ErrorContains(t, sqlite.Adopt(t.Context(), dir, id), "read models")
	require.NoError(t, os.RemoveAll(read))
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	require.Equal(t, old, logID(t, dir))

	require.NoError(t, sqlite.Adopt(t.Context(), dir, id))
	require.Equal(t, id, logID(t, dir))
}
