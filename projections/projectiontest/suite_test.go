package projectiontest_test

import (
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
	"ordermill/projections/cases"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
	"ordermill/projections/projectiontest"
	"ordermill/projections/timers"
)

var subjects = []projectiontest.Subject{
	projectiontest.Of(orders.Projection),
	projectiontest.Of(cases.Projection),
	projectiontest.Of(payments.Projection),
	projectiontest.Of(inventory.Projection),
	projectiontest.Of(products.Projection),
	projectiontest.Of(timers.Projection),
}

// tested are all of them; under the race detector, whose runs are short, one whose rows have streams and one whose rows have none:
// the runtime that it watches is the same for all.
func tested() []projectiontest.Subject {
	if testing.Short() {
		return subjects[:2]
	}
	return subjects
}

func TestSQLite(t *testing.T) {
	projectiontest.Run(t, tested(), func(t *testing.T) projectiontest.Fixture { return openSQLite(t) })
}

func TestPostgres(t *testing.T) {
	url := services.Postgres(t)
	var shops atomic.Int64
	projectiontest.Run(t, tested(), func(t *testing.T) projectiontest.Fixture {
		return openPostgres(t, url, fmt.Sprintf("shop_%d", shops.Add(1)))
	})
}

func BenchmarkRebuild(b *testing.B) {
	const events = 50_000
	b.Run("sqlite", func(b *testing.B) { projectiontest.Benchmark(b, subjects, events, openSQLite(b)) })
	b.Run("postgres", func(b *testing.B) {
		projectiontest.Benchmark(b, subjects, events, openPostgres(b, services.Postgres(b), "shop"))
	})
}

func openSQLite(t testing.TB) projectiontest.Fixture {
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	return fixture(t, db)
}

func openPostgres(t testing.TB, url, name string) projectiontest.Fixture {
	require.NoError(t, postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Name: name}))
	db, err := postgres.Open(t.Context(), url, postgres.Options{Name: name})
	require.NoError(t, err)
	return fixture(t, db)
}

// database is what both drivers' packages open.
type database interface {
	Driver() eventstore.Driver
	Read() (write, read *sql.DB)
	Close() error
}

func fixture(t testing.TB, db database) projectiontest.Fixture {
	store := eventstore.New(db.Driver())
	t.Cleanup(func() {
		require.NoError(t, store.Close())
		require.NoError(t, db.Close())
	})
	write, read := db.Read()
	return projectiontest.Fixture{Store: store, DB: subscription.Database{Write: write, Read: read}}
}
