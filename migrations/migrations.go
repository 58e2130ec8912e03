package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/pressly/goose/v3"
)

//go:embed both/*.sql sqlite/*.sql postgres/*.sql
var files embed.FS

// Errors of the checks, matched with errors.Is.
var (
	// ErrNotMigrated: the store has no tables, or older ones than this program needs.
	ErrNotMigrated = errors.New("the store is not migrated")
	// ErrNewer: the store was migrated by a newer program; this one must not touch it.
	ErrNewer = errors.New("the store is newer than this program")
)

// Place is the set of migrations, by number, that one database gets.
type Place []int64

// The places of a shop.
var (
	Log  = Place{1, 2, 3, 5, 6, 7, 10}       // SQLite: log.db
	Read = Place{2, 4, 5, 6, 8}              // SQLite: read.db
	all  = Place{1, 2, 3, 4, 5, 6, 7, 8, 10} // Postgres has both in one database
)

// Newest is the version of a store that this program has migrated.
func Newest() int64 { return all.newest() }

// newest is the version a database of this place has when it is up to date.
func (p Place) newest() int64 { return slices.Max(p) }

// check compares a database's version with this program's.
func (p Place) check(version int64) error {
	switch newest := p.newest(); {
	case version == 0:
		return fmt.Errorf("%w: it has no tables yet; run \"ordermill migrate\" on it first", ErrNotMigrated)
	case version < newest:
		return fmt.Errorf("%w: it is at version %d, this program needs %d; run \"ordermill migrate\" on it", ErrNotMigrated, version, newest)
	case version > newest:
		return fmt.Errorf("%w: it is at version %d, this program knows %d; use the program that migrated it", ErrNewer, version, newest)
	}
	return nil
}

// up brings db to the newest version of the place, each migration in a transaction of its own that begins with prepare.
func (p Place) up(ctx context.Context, db *sql.DB, dialect goose.Dialect, versionTable string, prepare func(version int64) string) error {
	var steps []*goose.Migration
	for _, version := range p {
		text, err := source(dialect, version)
		if err != nil {
			return err
		}
		run := func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, prepare(version)+text)
			return err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: run}, nil))
	}
	provider, err := goose.NewProvider(dialect, db, nil, goose.WithGoMigrations(steps...), goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err = provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the store: %w", err)
	}
	return nil
}

// source is the SQL of one numbered migration: a file for both databases, or one for each.
func source(dialect goose.Dialect, version int64) (string, error) {
	folder := "postgres"
	if dialect == goose.DialectSQLite3 {
		folder = "sqlite"
	}
	var found []string
	for _, in := range []string{"both", folder} {
		names, err := fs.Glob(files, fmt.Sprintf("%s/%04d_*.sql", in, version))
		if err != nil {
			return "", err
		}
		found = append(found, names...)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("migrations: want one file for version %d in both or %s, have %q", version, folder, found)
	}
	text, err := files.ReadFile(found[0])
	return string(text), err
}
