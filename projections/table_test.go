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

func TestDiffJSON_namesTheSmallestPart(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		want       [][3]string
	}{
		{"equal", `{"a":1}`, `{"a":1}`, nil},
		{"a member", `{"a":1,"b":2}`, `{"a":1,"b":3}`, [][3]string{{"body.b", "2", "3"}}},
		{"inside", `{"a":{"b":[1],"c":0}}`, `{"a":{"b":[2],"c":0}}`, [][3]string{{"body.a.b", "[1]", "[2]"}}},
		{"missing and more", `{"a":1}`, `{"b":1}`, [][3]string{{"body.a", "1", ""}, {"body.b", "", "1"}}},
		{"not an object", `{"a":{}}`, `{"a":null}`, [][3]string{{"body.a", "{}", "null"}}},
		{"not JSON", `{"a`, `{}`, [][3]string{{"body", `{"a`, "{}"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got [][3]string
			diffJSON("body", []byte(c.a), []byte(c.b), func(path, a, b string) { got = append(got, [3]string{path, a, b}) })
			require.Equal(t, c.want, got)
		})
	}
}
