package postgres_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/internal/services"
	"ordermill/migrations"
)

func TestReadPlace_migratedByManyAtOnce_isOneSchemaWithoutALog(t *testing.T) {
	url := services.Postgres(t)
	_, err := postgres.OpenRead(t.Context(), url, postgres.Options{})
	require.ErrorIs(t, err, migrations.ErrNotMigrated)
	require.ErrorContains(t, err, "the read store")
	var migrating errgroup.Group
	for range 4 {
		migrating.Go(func() error { return postgres.MigrateRead(t.Context(), url, postgres.MigrateOptions{}) })
	}
	require.NoError(t, migrating.Wait())
	place, err := postgres.OpenRead(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, place.Close()) })
	write, read := place.Read()
	_, err = write.ExecContext(t.Context(), `INSERT INTO consumers (name, heartbeat_at) VALUES ('c', now_ms())`)
	require.NoError(t, err)
	var schemas, events int
	require.NoError(t, read.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ordermill%'`).Scan(&schemas))
	require.NoError(t, read.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_class WHERE relname = 'events'`).Scan(&events))
	require.Equal(t, 1, schemas)
	require.Zero(t, events)

	owner := connect(t, url)
	_, err = owner.Exec(t.Context(), `INSERT INTO ordermill_read.goose_db_version (version_id, is_applied) VALUES (99, true)`)
	require.NoError(t, err)
	_, err = postgres.OpenRead(t.Context(), url, postgres.Options{})
	require.ErrorIs(t, err, migrations.ErrNewer)
	require.ErrorIs(t, postgres.MigrateRead(t.Context(), url, postgres.MigrateOptions{}), migrations.ErrNewer)
}

func TestReadPlace_databaseWithTheLog_isRefused(t *testing.T) {
	url := services.Postgres(t)
	name := migrated(t, url)
	require.ErrorIs(t, postgres.MigrateRead(t.Context(), url, postgres.MigrateOptions{Name: name}), migrations.ErrHoldsLog)
	_, err := postgres.OpenRead(t.Context(), url, postgres.Options{Name: name})
	require.ErrorIs(t, err, migrations.ErrHoldsLog)
}

func TestReadPlace_badAddress_failsWithoutThePassword(t *testing.T) {
	_, err := postgres.OpenRead(t.Context(), "postgres://someone:sesame@127.0.0.1:1/shop", postgres.Options{})
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	require.NotContains(t, err.Error(), "sesame")
}

func TestReadPlace_role_canServeAndNoMore(t *testing.T) {
	url := services.Postgres(t)
	owner := connect(t, url)
	role := "reader-" + uuid.NewString()
	name := pgx.Identifier{role}.Sanitize()
	_, err := owner.Exec(t.Context(), `CREATE ROLE `+name+` LOGIN PASSWORD 'reader'`)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := owner.Exec(context.Background(), `DROP OWNED BY `+name+` CASCADE; DROP ROLE `+name)
		require.NoError(t, err)
	})
	for range 2 { // granting again is harmless
		require.NoError(t, postgres.MigrateRead(t.Context(), url, postgres.MigrateOptions{Name: "serve", Role: role}))
	}
	place, err := postgres.OpenRead(t.Context(), as(t, url, role, "reader"), postgres.Options{Name: "serve"})
	require.NoError(t, err)
	defer place.Close()
	write, _ := place.Read()
	for _, sql := range []string{
		`CREATE TABLE orders_g1 (id keytext PRIMARY KEY)`, `INSERT INTO orders_g1 VALUES ('a')`, `DROP TABLE orders_g1`,
		`INSERT INTO generations VALUES ('orders', 1, 1, 'building', now_ms())`, `DELETE FROM generations`,
		`INSERT INTO consumers (name) VALUES ('c')`, `UPDATE consumers SET epoch = 1`, `DELETE FROM consumers`,
	} {
		_, err := write.ExecContext(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	for _, sql := range []string{`DROP TABLE consumers`, `CREATE SCHEMA mine`, `SET session_replication_role = replica`} {
		_, err := write.ExecContext(t.Context(), sql)
		require.ErrorContains(t, err, "SQLSTATE 42501", sql)
	}
}
