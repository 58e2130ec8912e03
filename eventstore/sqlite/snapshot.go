package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ordermill/migrations"
)

// Snapshot reads log.db as it is now, beside whoever works on the folder: the lock keeps writers out, and SQLite lets readers see
// one state however long they read. Until close, that state keeps the file's WAL from being taken back, so it grows meanwhile.
// Errors: migrations.ErrNotMigrated, migrations.ErrNewer.
func Snapshot(ctx context.Context, dir string) (snapshot *sql.Tx, closing func() error, err error) {
	path := filepath.Join(dir, logFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w: there is no %s in %s", migrations.ErrNotMigrated, logFile, dir)
	}
	db, err := handle(path, readOnly, 1, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := migrations.CheckSQLite(ctx, db, migrations.Log); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	if snapshot, err = db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return snapshot, func() error { return errors.Join(rollback(snapshot), db.Close()) }, nil
}

// rollback ends a transaction that only read; a context that has ended has done it before.
func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}
