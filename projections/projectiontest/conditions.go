package projectiontest

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/projections"
)

// shownRow is a row as its table has it, past the runtime.
type shownRow struct {
	body  string
	value any // of the column that is asked for: string or int64
}

func conditions(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 13).orders(25)
	m := s.open(f, "a")
	run(t, m)
	reach(t, f, m)
	for _, column := range append([]string{projections.Key}, s.columns...) {
		rows := shownRows(t, f, s, m, column)
		require.Greater(t, len(rows), 4)
		value := rows[len(rows)/2].value
		for relation, fits := range map[projections.Relation]func(order int) bool{
			projections.Equal:   func(order int) bool { return order == 0 },
			projections.AtLeast: func(order int) bool { return order >= 0 },
			projections.Below:   func(order int) bool { return order < 0 },
		} {
			var want []string
			for _, row := range rows {
				if fits(compare(row.value, value)) {
					want = append(want, row.body)
				}
			}
			where := []projections.Condition{{Column: column, Is: relation, Value: value}}
			require.Equal(t, want, pages(t, m, where), "%s %s %v", column, relation, value)
			alien := []projections.Condition{{Column: column, Is: relation, Value: "other"}}
			_, cursor, err := m.list(t.Context(), projections.Query{Limit: 1, Where: where})
			require.NoError(t, err)
			for _, other := range [][]projections.Condition{nil, alien} {
				if cursor != "" {
					_, _, err = m.list(t.Context(), projections.Query{Limit: 1, Where: other, Cursor: cursor})
					require.ErrorIs(t, err, projections.ErrBadCursor, "a cursor of other conditions")
				}
			}
		}
	}
	for _, wrong := range []projections.Condition{{Column: "body", Is: projections.Equal, Value: ""}, {Column: projections.Key, Is: "LIKE", Value: ""}} {
		_, _, err := m.list(t.Context(), projections.Query{Limit: 1, Where: []projections.Condition{wrong}})
		require.Error(t, err)
	}
}

// shownRows reads the rows that queries see, in the list's order.
func shownRows(t *testing.T, f Fixture, s Subject, m model, column string) (all []shownRow) {
	rows, err := f.DB.Read.QueryContext(t.Context(), "SELECT body, "+column+" FROM "+liveTable(t, m)+" WHERE shown ORDER BY "+s.orderBy())
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var row shownRow
		require.NoError(t, rows.Scan(&row.body, &row.value))
		all = append(all, row)
	}
	return all
}

func compare(a, b any) int {
	if n, ok := a.(int64); ok {
		return cmp.Compare(n, b.(int64))
	}
	return cmp.Compare(a.(string), b.(string))
}

// pages lists page by page.
func pages(t *testing.T, m model, where []projections.Condition) (all []string) {
	for cursor, more := "", true; more; more = cursor != "" {
		bodies, next, err := m.list(t.Context(), projections.Query{Limit: 3, Cursor: cursor, Where: where})
		require.NoError(t, err)
		all, cursor = append(all, bodies...), next
	}
	return all
}
