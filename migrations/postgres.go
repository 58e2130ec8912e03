package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// Schemas are the three Postgres schemas of one shop; another shop in the same database has another name.
type Schemas struct {
	Log  string // events, receipts, the log's identity: the service may SELECT and INSERT
	Ops  string // consumers, parked, inbox, contacts, keys: the service's
	Read string // read models, made and dropped at run time: the service's
}

var namePattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,40}$`)

// SchemasOf names the schemas of a shop: <name>_log, <name>_ops, <name>_read.
func SchemasOf(name string) (Schemas, error) {
	if !namePattern.MatchString(name) {
		return Schemas{}, fmt.Errorf("shop name %.60q: want 1 to 41 of a-z, 0-9 and _, not beginning with a digit", name)
	}
	return Schemas{Log: name + "_log", Ops: name + "_ops", Read: name + "_read"}, nil
}

// SearchPath lets SQL name every table without its schema, as on SQLite; new tables go to Read.
func (s Schemas) SearchPath() string { return s.Read + "," + s.Ops + "," + s.Log }

// Postgres brings a shop to the newest version. Any number of processes may call it at once: one works, the others wait.
// role, if not empty, is an existing role that is granted what the running service needs, and no more.
func Postgres(ctx context.Context, db *sql.DB, schemas Schemas, role string) error {
	return alone(ctx, db, schemas.Log, func(lock *sql.Conn) error { return migrateShop(ctx, db, lock, schemas, role) })
}

// alone runs work while no other process migrates the same schema; the connection holds the lock.
func alone(ctx context.Context, db *sql.DB, schema string, work func(lock *sql.Conn) error) (err error) {
	lock, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate the store: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	// The lock is the session's, so it ends with the process; the unlock only returns the connection to the pool clean.
	const id = `hashtextextended('ordermill migrate ' || $1, 0)`
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock(`+id+`)`, schema); err != nil {
		return fmt.Errorf("migrate the store: wait for another migration: %w", err)
	}
	defer func() {
		_, unlockErr := lock.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+id+`)`, schema)
		err = errors.Join(err, unlockErr)
	}()
	return work(lock)
}

func migrateShop(ctx context.Context, db *sql.DB, lock *sql.Conn, schemas Schemas, role string) error {
	version, err := postgresVersion(ctx, db, schemas.Log)
	if err != nil {
		return err
	}
	if err := all.check(version); errors.Is(err, ErrNewer) {
		return err
	}
	for _, schema := range []string{schemas.Log, schemas.Ops, schemas.Read} {
		if _, err := lock.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+schema); err != nil {
			return fmt.Errorf("migrate the store: %w", err)
		}
	}
	if err := all.up(ctx, db, goose.DialectPostgres, schemas.Log+"."+versions, schemas.pathFor); err != nil {
		return err
	}
	if role == "" {
		return nil
	}
	if _, err := lock.ExecContext(ctx, schemas.grants(pgx.Identifier{role}.Sanitize())); err != nil {
		return fmt.Errorf("grant role %q what the service needs: %w", role, err)
	}
	return nil
}

// pathFor makes a migration's unqualified names land in the schema where they belong.
func (s Schemas) pathFor(version int64) string {
	target := s.Ops
	switch version {
	case 1:
		target = s.Log
	case 4, 8:
		target = s.Read
	}
	return fmt.Sprintf("SET LOCAL search_path = %s, %s;\n", target, s.Log)
}

// grants are safe to run again. The service adds to the log, never changes it, and reads which version the store has.
func (s Schemas) grants(role string) string {
	return strings.NewReplacer("{log}", s.Log, "{ops}", s.Ops, "{read}", s.Read, "{role}", role).Replace(`
GRANT USAGE ON SCHEMA {log}, {ops}, {read} TO {role};
GRANT CREATE ON SCHEMA {read} TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA {log} TO {role};
GRANT INSERT ON {log}.events, {log}.receipts TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {ops}, {read} TO {role};
`)
}

// CheckPostgres reports ErrNotMigrated or ErrNewer when the shop is not at this program's version.
func CheckPostgres(ctx context.Context, db *sql.DB, schemas Schemas) error {
	version, err := postgresVersion(ctx, db, schemas.Log)
	if err != nil {
		return err
	}
	return all.check(version)
}

// postgresVersion is that of the tables whose versions are kept in a schema.
func postgresVersion(ctx context.Context, db *sql.DB, schema string) (version int64, err error) {
	table := schema + "." + versions
	var found bool
	err = db.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&found)
	if err == nil && found {
		err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+table).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read the store's version: %w", err)
	}
	return version, nil
}
