package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/storetest"
	"ordermill/internal/services"
)

func TestDriver_keepsTheLogsPromises(t *testing.T) {
	url := services.Postgres(t)
	storetest.Run(t, func(st storetest.T) storetest.Log {
		t := st.(testing.TB)
		name := migrated(t, url)
		return storetest.Log{
			Driver: open(t, url, name).Driver(),
			Twin:   func(st storetest.T) eventstore.Driver { return open(st.(testing.TB), url, name).Driver() },
			Tamper: []string{
				`UPDATE events SET data = '{}' WHERE position = 1`,
				`DELETE FROM events`,
				`TRUNCATE events`,
				`TRUNCATE events, receipts CASCADE`,
				`INSERT INTO events SELECT * FROM events WHERE position = 1 ON CONFLICT (position) DO UPDATE SET data = '{}'`,
				`MERGE INTO events e USING (SELECT 1 AS p) x ON e.position = x.p WHEN MATCHED THEN DELETE`,
				`UPDATE receipts SET response = 'x'`,
				`DELETE FROM receipts`,
				`TRUNCATE receipts`,
				`UPDATE log SET log_id = gen_random_uuid()`,
				`DELETE FROM log`,
			},
			Exec: func(ctx context.Context, sql string) error {
				// replica: ordinary triggers would not fire
				_, err := connect(t, url).Exec(ctx, `SET search_path = `+name+`_log; SET session_replication_role = replica; `+sql)
				return err
			},
		}
	})
}

var shops atomic.Int64

// migrated makes a shop of its own in the database and returns its name.
func migrated(t testing.TB, url string) string {
	t.Helper()
	name := fmt.Sprintf("shop%d", shops.Add(1))
	require.NoError(t, postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Name: name}))
	return name
}

func open(t testing.TB, url, name string) *postgres.Database {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{Name: name})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
