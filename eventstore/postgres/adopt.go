package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"ordermill/eventstore"
	"ordermill/migrations"
)

// Adopt makes a shop's log, which must be empty, the one that has this id elsewhere, before its events are brought here. The
// read models that followed the empty log under its old id are forgotten. It needs the role that owns the tables.
// Errors: eventstore.ErrNotEmpty, eventstore.ErrUnavailable.
func Adopt(ctx context.Context, url, name string, logID uuid.UUID) (err error) {
	config, schemas, err := parse(url, name)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := adopt(ctx, tx, schemas, logID); err != nil {
		return err
	}
	return tx.Commit()
}

func adopt(ctx context.Context, tx *sql.Tx, schemas migrations.Schemas, logID uuid.UUID) error {
	// Whoever appends waits behind this. It has opened the log under its old id and does not look again: that it is there is noticed
	// by its leases, or when it writes.
	if _, err := tx.ExecContext(ctx, `LOCK TABLE log, events, receipts IN ACCESS EXCLUSIVE MODE`); err != nil {
		return err
	}
	var used bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM receipts)`).Scan(&used); err != nil {
		return err
	}
	if used {
		return eventstore.ErrNotEmpty
	}
	statements := []string{
		`ALTER TABLE log DISABLE TRIGGER no_change`,
		`UPDATE log SET log_id = '` + logID.String() + `'`,
		`ALTER TABLE log ENABLE ALWAYS TRIGGER no_change`,
		`DELETE FROM parked WHERE ` + ofProjectors,
		`DELETE FROM parked_positions WHERE ` + ofProjectors,
		`DELETE FROM discarded WHERE ` + ofProjectors,
		`DELETE FROM progress WHERE ` + ofProjectors,
		`DELETE FROM consumers WHERE kind = 'projector'`,
		`DELETE FROM live`,
		`DELETE FROM generations`,
		`DELETE FROM verified`,
	}
	models, err := generationTables(ctx, tx, schemas)
	if err != nil {
		return err
	}
	for _, table := range models {
		statements = append(statements, `DROP TABLE `+pgx.Identifier{schemas.Read, table}.Sanitize())
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("give the log its id, which takes the role that owns the tables: %w", err)
		}
	}
	return nil
}

const ofProjectors = `consumer IN (SELECT name FROM consumers WHERE kind = 'projector')`

// generationTables are the tables of read models: all in their schema that no migration made.
func generationTables(ctx context.Context, tx *sql.Tx, schemas migrations.Schemas) (names []string, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename NOT IN ('live', 'generations', 'verified')`, schemas.Read)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
