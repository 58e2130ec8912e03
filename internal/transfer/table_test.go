package transfer

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/sqlite"
)

// stays is what does not move of the log's place, and why. A table or column that is neither here nor in tables fails the test:
// whoever adds one decides whether a shop can do without it elsewhere.
var stays = map[string]string{
	"log.id":                 "one row",
	"log.log_id":             "in the file's header",
	"importing":              "of the store itself",
	"snapshots":              "made again from the log",
	"goose_db_version":       "of the store itself",
	"consumers.epoch":        "counts the owners that one database has seen",
	"consumers.owner":        "a lease is of one database",
	"consumers.lease_until":  "a lease is of one database",
	"consumers.heartbeat_at": "a lease is of one database",
	"consumers.error":        "told again by the next try that fails",
}

func TestTables_everythingInTheLogsPlace_movesOrHasAReason(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, read := db.Log()
	rows, err := read.QueryContext(t.Context(), `
		SELECT m.name, c.name, c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
		ORDER BY m.name, c.cid`)
	require.NoError(t, err)
	defer rows.Close()
	found := 0
	for rows.Next() {
		var name, columnName string
		var key int
		require.NoError(t, rows.Scan(&name, &columnName, &key))
		if stays[name] != "" || stays[name+"."+columnName] != "" {
			continue
		}
		found++
		index := indexOf(name)
		require.GreaterOrEqual(t, index, 0, "table %s: does it move?", name)
		at := slices.IndexFunc(tables[index].columns, func(c column) bool { return c.name == columnName })
		require.GreaterOrEqual(t, at, 0, "column %s of %s: does it move?", columnName, name)
		require.Equal(t, key > 0, at < tables[index].key, "%s.%s is of the key, or is not", name, columnName)
	}
	require.NoError(t, rows.Err())
	moving := 0
	for _, each := range tables {
		moving += len(each.columns)
	}
	require.Equal(t, moving, found)
}
