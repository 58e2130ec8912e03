package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// ErrHoldsLog: the database was named as the place of read models alone, but holds the log of the shop.
var ErrHoldsLog = errors.New("the read store holds the shop's log; it must be another database")

// ground is what the shared SQL stands on. In a database with a log, migration 1 makes it.
const ground = `CREATE DOMAIN keytext AS text COLLATE "C";
CREATE FUNCTION now_ms() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
	AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;
`

// PostgresRead brings a Postgres database that has the read place of a shop, and not its log, to the newest version. Everything
// lies in one schema, Schemas.Read, which may be dropped whole. Callers at once and role are as in Postgres. ErrHoldsLog.
func PostgresRead(ctx context.Context, db *sql.DB, schemas Schemas, role string) error {
	return alone(ctx, db, schemas.Read, func(lock *sql.Conn) error {
		err := CheckPostgresRead(ctx, db, schemas)
		if err != nil && !errors.Is(err, ErrNotMigrated) {
			return err
		}
		if _, err := lock.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+schemas.Read); err != nil {
			return fmt.Errorf("migrate the read store: %w", err)
		}
		prepare := func(version int64) string {
			path := fmt.Sprintf("SET LOCAL search_path = %s;\n", schemas.Read)
			if version == Read[0] {
				return path + ground
			}
			return path
		}
		if err := Read.up(ctx, db, goose.DialectPostgres, schemas.Read+"."+versions, prepare); err != nil {
			return err
		}
		if role == "" {
			return nil
		}
		if _, err := lock.ExecContext(ctx, schemas.readGrants(pgx.Identifier{role}.Sanitize())); err != nil {
			return fmt.Errorf("grant role %q what the service needs in the read store: %w", role, err)
		}
		return nil
	})
}

func (s Schemas) readGrants(role string) string {
	return fmt.Sprintf(`
GRANT USAGE, CREATE ON SCHEMA %[1]s TO %[2]s;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[1]s TO %[2]s;
`, s.Read, role)
}

// CheckPostgresRead reports ErrHoldsLog, or ErrNotMigrated or ErrNewer when the read place is not at this program's version.
func CheckPostgresRead(ctx context.Context, db *sql.DB, schemas Schemas) error {
	var holdsLog bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, schemas.Log+".events").Scan(&holdsLog); err != nil {
		return fmt.Errorf("look at the read store: %w", err)
	}
	if holdsLog {
		return ErrHoldsLog
	}
	version, err := postgresVersion(ctx, db, schemas.Read)
	if err == nil {
		err = Read.check(version)
	}
	if err != nil {
		return fmt.Errorf("the read store: %w", err)
	}
	return nil
}
