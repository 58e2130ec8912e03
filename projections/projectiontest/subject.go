package projectiontest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
	"ordermill/projections"
)

// Fixture is an empty shop on one database.
type Fixture struct {
	Store *eventstore.Store
	DB    subscription.Database
}

// Subject is a projection under test, whatever its rows are.
type Subject struct {
	Name    string
	version int64
	Order   projections.Order
	columns []string
	open    func(f Fixture, owner string, options ...projections.Option) model
	fold    func(t *testing.T, records []eventstore.Record) map[string]string
	past    func(t *testing.T, f Fixture)
	shown   func(t *testing.T, body string) bool
	newer   func() Subject // the same, of the next version of the code
	tables  func(generation int64) []string
}

// model is an opened Model with the type of its rows erased.
type model struct {
	projections.ReadModel
	get  func(ctx context.Context, key string) (body string, position int64, err error)
	list func(ctx context.Context, query projections.Query) (bodies []string, next string, err error)
	old  func(ctx context.Context) (parked []string, err error) // among the first rows of the list
	live func(ctx context.Context) (int64, subscription.Projector, error)
}

// Of makes a subject of a projection.
func Of[R any](p projections.Projection[R]) Subject {
	var columns []string
	for _, c := range p.Columns {
		columns = append(columns, c.Name)
	}
	return Subject{Name: p.Name, version: p.Version, Order: p.Order, columns: columns, fold: plainFold(p), past: past(p), shown: visible(p),
		newer: func() Subject { return Of(newer(p)) }, tables: tablesOf(p), open: func(f Fixture, owner string, options ...projections.Option) model {
			m := projections.New(p, f.Store, f.DB, subscription.Owner{ID: owner}, options...)
			return model{
				ReadModel: m,
				live:      m.Live,
				get: func(ctx context.Context, key string) (string, int64, error) {
					found, err := m.Get(ctx, key)
					return marshal(found.Row), found.Position, err
				},
				list: func(ctx context.Context, query projections.Query) (bodies []string, next string, err error) {
					page, err := m.List(ctx, query)
					for _, row := range page.Rows {
						bodies = append(bodies, marshal(row))
					}
					return bodies, page.Next, err
				},
				old: func(ctx context.Context) ([]string, error) {
					page, err := m.List(ctx, projections.Query{Limit: projections.MaxLimit})
					return page.Parked, err
				},
			}
		}}
}

// orderBy is the list's order in SQL.
func (s Subject) orderBy() string {
	direction := "ASC"
	if s.Order.Descending {
		direction = "DESC"
	}
	if s.Order.Column == "" {
		return "key " + direction
	}
	return s.Order.Column + " " + direction + ", key " + direction
}

// plainFold is the oracle: every row, by key.
func plainFold[R any](p projections.Projection[R]) func(*testing.T, []eventstore.Record) map[string]string {
	return func(t *testing.T, records []eventstore.Record) map[string]string {
		rows := map[string]R{}
		for _, record := range records {
			keys, err := p.Keys(record)
			require.NoError(t, err)
			for _, key := range keys {
				fact, err := codec.Decode(record)
				require.NoError(t, err)
				rows[key] = p.Fold(rows[key], projections.Event{Record: record, Fact: fact})
			}
		}
		bodies := map[string]string{}
		for key, row := range rows {
			bodies[key] = marshal(row)
		}
		return bodies
	}
}

func marshal(row any) string {
	text, err := json.Marshal(row)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// everything reads the whole log.
func everything(t *testing.T, store *eventstore.Store) (records []eventstore.Record) {
	for {
		page, err := store.Read(t.Context(), eventstore.Query{After: int64(len(records)), Limit: eventstore.MaxPage})
		require.NoError(t, err)
		if len(page) == 0 {
			return records
		}
		records = append(records, page...)
	}
}

// stored reads the live generation's table, past the runtime.
func stored(t *testing.T, f Fixture, m model) map[string]string {
	rows, err := f.DB.Read.QueryContext(t.Context(), "SELECT key, body FROM "+liveTable(t, m))
	require.NoError(t, err)
	defer rows.Close()
	bodies := map[string]string{}
	for rows.Next() {
		var key, body string
		require.NoError(t, rows.Scan(&key, &body))
		bodies[key] = body
	}
	require.NoError(t, rows.Err())
	return bodies
}

func liveTable(t *testing.T, m model) string {
	generation, _, err := m.live(t.Context())
	require.NoError(t, err)
	return fmt.Sprintf("%s_%d", m.Name(), generation)
}
