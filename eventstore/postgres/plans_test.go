package postgres

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
)

// TestLookups_tablesSmallOrNeverAnalyzed_useTheKeys: a plan that reads the whole table is quick on the first day, is kept,
// and is found out when the log has grown.
func TestLookups_tablesSmallOrNeverAnalyzed_useTheKeys(t *testing.T) {
	url := services.Postgres(t)
	require.NoError(t, Migrate(t.Context(), url, MigrateOptions{}))
	db, err := Open(t.Context(), url, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.log.appends.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	for _, analyze := range []bool{false, true} {
		if analyze {
			_, err := conn.Exec(t.Context(), `ANALYZE events, receipts`)
			require.NoError(t, err)
		}
		for _, c := range []struct{ sql, arguments string }{
			{tailSQL, ""}, {versionSQL, "(NULL)"}, {versionsSQL, "(NULL)"}, {receiptSQL, "(NULL, NULL)"}, {receiptsSQL, "(NULL, NULL)"}, {eventIDsSQL, "(NULL)"},
		} {
			_, err := conn.Exec(t.Context(), `DEALLOCATE ALL; PREPARE lookup AS `+c.sql)
			require.NoError(t, err)
			rows, err := conn.Query(t.Context(), `EXPLAIN EXECUTE lookup`+c.arguments, pgx.QueryExecModeSimpleProtocol)
			require.NoError(t, err)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			plan := strings.Join(lines, "\n")
			require.NotContains(t, plan, "Seq Scan", plan)
			require.Regexp(t, `Index (Only )?Scan|Bitmap Index Scan`, plan)
		}
	}
}
