package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/internal/newfile"
	"ordermill/migrations"
)

// Adopt makes the folder's log, which must be empty, the one that has this id elsewhere, before its events are brought here. The
// read models that followed the empty log under its old id are forgotten. Errors: eventstore.ErrNotEmpty, ErrInUse.
func Adopt(ctx context.Context, dir string, logID uuid.UUID) (err error) {
	lock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	log, err := handle(filepath.Join(dir, logFile), full, 1, nil)
	if err != nil {
		return err
	}
	forget := func() error {
		for _, file := range []string{readFile, readFile + "-wal", readFile + "-shm"} {
			if err := newfile.Remove(filepath.Join(dir, file)); err != nil {
				return fmt.Errorf("remove the read models of the empty log: %w", err)
			}
		}
		return nil
	}
	if err := errors.Join(adopt(ctx, log, logID, forget), log.Close()); err != nil {
		return err
	}
	read, err := handle(filepath.Join(dir, readFile), full, 1, nil)
	if err != nil {
		return err
	}
	return errors.Join(migrations.SQLite(ctx, read, migrations.Read), read.Close())
}

// adopt gives the log its id, after what followed the old one is forgotten: killed in between, it is begun again, and the other way
// round nobody would know that there is something to forget.
func adopt(ctx context.Context, log *sql.DB, logID uuid.UUID, forget func() error) error {
	tx, err := log.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	var used bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM receipts)`).Scan(&used); err != nil {
		return err
	}
	if used {
		return eventstore.ErrNotEmpty
	}
	var trigger string
	if err := tx.QueryRowContext(ctx, `SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'log_no_update'`).Scan(&trigger); err != nil {
		return err
	}
	for _, statement := range []string{
		`DROP TRIGGER log_no_update`,
		`UPDATE log SET log_id = '` + logID.String() + `'`,
		trigger,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("give the log its id: %w", err)
		}
	}
	if err := forget(); err != nil {
		return err
	}
	return tx.Commit()
}
