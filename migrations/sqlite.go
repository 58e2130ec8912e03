package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// versions is the table in which goose keeps what has been run.
const versions = "goose_db_version"

// SQLite brings one file to the newest version of its place. The caller keeps other processes away from the file; the
// connection must know the functions now_ms and gen_random_uuid (package eventstore/sqlite registers them).
func SQLite(ctx context.Context, db *sql.DB, place Place) error {
	version, err := sqliteVersion(ctx, db)
	if err != nil {
		return err
	}
	if err := place.check(version); errors.Is(err, ErrNewer) {
		return err
	}
	return place.up(ctx, db, goose.DialectSQLite3, versions, func(int64) string { return "" })
}

// CheckSQLite reports ErrNotMigrated or ErrNewer when the file is not at this program's version of its place.
func CheckSQLite(ctx context.Context, db *sql.DB, place Place) error {
	version, err := sqliteVersion(ctx, db)
	if err != nil {
		return err
	}
	return place.check(version)
}

func sqliteVersion(ctx context.Context, db *sql.DB) (version int64, err error) {
	var found bool
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)`, versions).Scan(&found)
	if err == nil && found {
		err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versions).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read the store's version: %w", err)
	}
	return version, nil
}
