package migrations

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
)

func TestFiles_bothDatabases_haveTheSameNumbersAndNames(t *testing.T) {
	names := func(folder string) (names []string) {
		entries, err := fs.ReadDir(files, folder)
		require.NoError(t, err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	require.Equal(t, names("sqlite"), names("postgres"))
	require.Len(t, slices.Concat(names("both"), names("sqlite")), len(all), "every file has its number in the list")
	for _, version := range all {
		require.True(t, slices.Contains(Log, version) || slices.Contains(Read, version), "version %d has a place on SQLite", version)
		for _, dialect := range []goose.Dialect{goose.DialectSQLite3, goose.DialectPostgres} {
			text, err := source(dialect, version)
			require.NoError(t, err)
			require.NotEmpty(t, text)
		}
	}
}

func TestGround_isWhatTheLogsFirstMigrationMakes(t *testing.T) {
	text, err := source(goose.DialectPostgres, 1)
	require.NoError(t, err)
	for statement := range strings.SplitAfterSeq(strings.TrimSpace(ground), ";\n") {
		require.Contains(t, text, strings.TrimSpace(statement))
	}
}

func TestPlace_version_decides(t *testing.T) {
	require.ErrorIs(t, Log.check(0), ErrNotMigrated)
	require.ErrorIs(t, Log.check(3), ErrNotMigrated)
	require.ErrorIs(t, Log.check(7), ErrNotMigrated)
	require.NoError(t, Log.check(10))
	require.ErrorIs(t, Log.check(11), ErrNewer)
	require.ErrorIs(t, Read.check(6), ErrNotMigrated)
	require.NoError(t, Read.check(8))
}

func TestSchemasOf_name_isCheckedBeforeItBecomesSQL(t *testing.T) {
	s, err := SchemasOf("ordermill")
	require.NoError(t, err)
	require.Equal(t, Schemas{Log: "ordermill_log", Ops: "ordermill_ops", Read: "ordermill_read"}, s)
	for _, name := range []string{"", "1a", "A", "a-b", "a b", `a"`, "a;drop", "é", "a\n", string(make([]byte, 42)), "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddee"} {
		_, err := SchemasOf(name)
		require.Error(t, err, "%q", name)
	}
}
