package postgres_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/internal/services"
	"ordermill/migrations"
)

func TestOpen_notMigrated_saysWhatToDo(t *testing.T) {
	url := services.Postgres(t)
	_, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.ErrorIs(t, err, migrations.ErrNotMigrated)
	require.ErrorContains(t, err, "ordermill migrate")
}

func TestOpen_otherVersion_isRefused(t *testing.T) {
	url := services.Postgres(t)
	owner := connect(t, url)
	for change, want := range map[string]error{
		`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`: migrations.ErrNotMigrated,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`:                        migrations.ErrNewer,
	} {
		shop := migrated(t, url)
		_, err := owner.Exec(t.Context(), strings.ReplaceAll(change, "goose_db", shop+"_log.goose_db"))
		require.NoError(t, err)
		_, err = postgres.Open(t.Context(), url, postgres.Options{Name: shop})
		require.ErrorIs(t, err, want)
		if want == migrations.ErrNewer {
			require.ErrorIs(t, postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Name: shop}), want)
		}
	}
}

func TestOpen_badAddress_failsWithoutThePassword(t *testing.T) {
	for address, want := range map[string]error{
		"postgres://someone:sesame@127.0.0.1:1/shop": eventstore.ErrUnavailable,
		"postgres://someone:sesame@127.0.0.1:x/shop": nil, // not a URL at all
	} {
		_, err := postgres.Open(t.Context(), address, postgres.Options{})
		require.Error(t, err)
		if want != nil {
			require.ErrorIs(t, err, want)
		}
		require.NotContains(t, err.Error(), "sesame")
		require.Error(t, postgres.Migrate(t.Context(), address, postgres.MigrateOptions{}))
	}
	_, err := postgres.Open(t.Context(), "postgres://127.0.0.1:1/shop", postgres.Options{Name: `x"; DROP`})
	require.ErrorContains(t, err, "shop name")
}

func TestMigrate_manyCopiesAtOnce_oneWorksTheOthersWait(t *testing.T) {
	url := services.Postgres(t)
	var copies sync.WaitGroup
	for range 6 {
		copies.Go(func() {
			if err := postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Name: "crowd"}); err != nil {
				t.Error(err)
			}
		})
	}
	copies.Wait()
	var runs, versions, logs int
	owner := connect(t, url)
	require.NoError(t, owner.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM crowd_log.goose_db_version), (SELECT count(DISTINCT version_id) FROM crowd_log.goose_db_version),
		(SELECT count(*) FROM crowd_log.log)`).Scan(&runs, &versions, &logs))
	require.Equal(t, versions, runs, "each migration ran once")
	require.Equal(t, 1, logs)
	open(t, url, "crowd")
}

func TestMigrate_role_canServeAndNoMore(t *testing.T) {
	url := services.Postgres(t)
	owner := connect(t, url)
	role := "clerk-" + uuid.NewString() // roles are the server's, not the database's; this one needs quotes
	name := pgx.Identifier{role}.Sanitize()
	_, err := owner.Exec(t.Context(), `CREATE ROLE `+name+` LOGIN PASSWORD 'clerk'`)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := owner.Exec(context.Background(), `DROP OWNED BY `+name+` CASCADE; DROP ROLE `+name)
		require.NoError(t, err)
	})
	for range 2 { // granting again is harmless
		require.NoError(t, postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Name: "serve", Role: role}))
	}
	clerk := as(t, url, role, "clerk")
	db := open(t, clerk, "serve")
	store := newStore(t, db.Driver())
	outcomes, err := store.Append(t.Context(), []eventstore.Request{request("order-1", 0)})
	require.NoError(t, err)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)

	write, _ := db.Read()
	for _, sql := range []string{
		`CREATE TABLE orders_g1 (id keytext PRIMARY KEY)`, `INSERT INTO orders_g1 VALUES ('a')`, `DROP TABLE orders_g1`,
		`INSERT INTO generations VALUES ('orders', 1, 1, 'building', now_ms())`, `DELETE FROM generations`,
		`INSERT INTO consumers (name) VALUES ('c')`, `UPDATE consumers SET epoch = 1`, `DELETE FROM consumers`,
	} {
		_, err := write.ExecContext(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	for _, sql := range []string{
		`UPDATE events SET data = ''`, `DELETE FROM receipts`, `TRUNCATE events`, `DROP TABLE events`, `UPDATE log SET log_id = gen_random_uuid()`,
		`ALTER TABLE events DISABLE TRIGGER ALL`, `INSERT INTO log VALUES (1, gen_random_uuid())`, `CREATE TABLE serve_log.x (y int)`,
		`CREATE TABLE serve_ops.x (y int)`, `DELETE FROM goose_db_version`, `SET session_replication_role = replica`,
	} {
		_, err := write.ExecContext(t.Context(), sql)
		require.ErrorContains(t, err, "SQLSTATE 42501", sql)
	}
}

func TestShops_inOneDatabase_areStrangers(t *testing.T) {
	url := services.Postgres(t)
	one, other := open(t, url, migrated(t, url)).Driver(), open(t, url, migrated(t, url)).Driver()
	require.NotEqual(t, one.LogID(), other.LogID())
	err := one.Append(t.Context(), eventstore.Lookup{}, func(found eventstore.Snapshot) eventstore.Rows {
		warm(t, other) // would wait for ever if both took the same lock
		return oneRow(found, "order-1")
	})
	require.NoError(t, err)
	records, err := other.Read(t.Context(), eventstore.Query{Limit: 10})
	require.NoError(t, err)
	require.Len(t, records, 1)
}

func TestHandles_session_isSetUpWhateverTheServerSays(t *testing.T) {
	address := services.Postgres(t)
	shop := migrated(t, address)
	owner := connect(t, address)
	for _, setting := range []string{"default_transaction_isolation = 'serializable'", "synchronous_commit = off", "timezone = 'Asia/Tokyo'"} {
		_, err := owner.Exec(t.Context(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET `+strings.ReplaceAll(setting, "'", "''")+`', current_database()); END $$`)
		require.NoError(t, err)
	}
	db := open(t, address, shop)
	durable, _ := db.Durable()
	log, _ := db.Log()
	read, _ := db.Read()
	for _, c := range []struct {
		handle        *sql.DB
		setting, want string
	}{
		{durable, "synchronous_commit", "on"}, {log, "synchronous_commit", "off"}, {read, "synchronous_commit", "off"},
		{durable, "transaction_isolation", "read committed"}, {log, "transaction_isolation", "read committed"},
		{durable, "timezone", "UTC"}, {read, "search_path", shop + "_read," + shop + "_ops," + shop + "_log"},
	} {
		var got string
		require.NoError(t, c.handle.QueryRowContext(t.Context(), `SELECT current_setting($1)`, c.setting).Scan(&got))
		require.Equal(t, c.want, got, c.setting)
	}
	var now int64
	require.NoError(t, read.QueryRowContext(t.Context(), `SELECT now_ms()`).Scan(&now))
	require.InDelta(t, time.Now().UnixMilli(), now, 60_000)
}

func TestClose_leavesNothingRunning(t *testing.T) {
	url := services.Postgres(t)
	shop := migrated(t, url)
	ignore := goleak.IgnoreCurrent()
	db, err := postgres.Open(t.Context(), url, postgres.Options{Name: shop})
	require.NoError(t, err)
	store := eventstore.New(db.Driver())
	_, err = store.Append(t.Context(), []eventstore.Request{request("order-1", 0)})
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.NoError(t, db.Close())
	goleak.VerifyNone(t, ignore)
}

// as is the URL for another role.
func as(t testing.TB, address, role, password string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.UserPassword(role, password)
	return u.String()
}
