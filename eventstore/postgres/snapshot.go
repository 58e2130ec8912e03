package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"

	"ordermill/eventstore"
	"ordermill/migrations"
)

// Snapshot reads a shop as it is now, by one connection, beside the copies that serve it; a standby will do as well. Until close,
// the server keeps the rows that this state sees. Errors: eventstore.ErrUnavailable, migrations.ErrNotMigrated, migrations.ErrNewer.
func Snapshot(ctx context.Context, url, name string) (snapshot *sql.Tx, closing func() error, err error) {
	config, schemas, err := parse(url, name)
	if err != nil {
		return nil, nil, err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	if err := db.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err), db.Close())
	}
	if err := migrations.CheckPostgres(ctx, db, schemas); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	if snapshot, err = db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return snapshot, func() error {
		err := snapshot.Rollback()
		if errors.Is(err, sql.ErrTxDone) {
			err = nil // its context has ended
		}
		return errors.Join(err, db.Close())
	}, nil
}
