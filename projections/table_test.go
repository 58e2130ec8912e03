package projections

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSchema_indexesApart_namesPerGeneration(t *testing.T) {
	p := Projection[struct{}]{Name: "orders", Schema: `
		-- One row per order.
		CREATE TABLE orders_{{generation}} (
			key keytext PRIMARY KEY -- order id
		);
		CREATE TABLE orders_lines_{{generation}} (key keytext);
		CREATE INDEX IF NOT EXISTS orders_{{generation}}_by ON orders_{{generation}} (key);
	`}
	tables, indexes := p.schema(7)
	require.Len(t, tables, 2)
	require.Contains(t, tables[0], "CREATE TABLE orders_7 (")
	require.Equal(t, []string{"CREATE INDEX IF NOT EXISTS orders_7_by ON orders_7 (key)"}, indexes)
	require.Equal(t, []string{"orders_7", "orders_lines_7"}, p.tableNames(7))
}

func TestUpsertSQL_everyColumnButTheKeyIsReplaced(t *testing.T) {
	p := Projection[int]{Name: "n", Columns: []Column[int]{{Name: "size"}}}
	require.Equal(t, "INSERT INTO n_1 (key, shown, body, size) VALUES ($1, $2, $3, $4), ($5, $6, $7, $8) "+
		"ON CONFLICT (key) DO UPDATE SET shown = excluded.shown, body = excluded.body, size = excluded.size", p.table(1).upsertSQL(2))
}
