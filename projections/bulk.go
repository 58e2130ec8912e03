package projections

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// pending is a row to be written: the values of its columns, and whether the table has it already.
type pending struct {
	values []any
	stored bool
}

// bulkLoad writes many rows inside tx, which is open on conn.
type bulkLoad func(ctx context.Context, conn *sql.Conn, tx *sql.Tx, t table, rows []pending) error

// dialect is what the two databases do not share.
type dialect struct {
	load    bulkLoad // the fastest way that the database has
	durable string   // begins a transaction whose commit outlives a crash of the database: those of rows need not; "" if there is nothing to say
}

func dialectOf(db *sql.DB) dialect {
	if _, ok := db.Driver().(*stdlib.Driver); ok {
		return dialect{loadPostgres, `SET LOCAL synchronous_commit = on`}
	}
	return dialect{load: loadSQLite}
}

// loadSQLite runs a prepared statement in a loop: many rows in one VALUES are quadratic there.
func loadSQLite(ctx context.Context, _ *sql.Conn, tx *sql.Tx, t table, rows []pending) error {
	all := make([][]any, len(rows))
	for i, row := range rows {
		all[i] = row.values
	}
	return t.upsert(ctx, tx, all)
}

// loadPostgres copies new rows and sends changes of old ones without waiting for each answer.
func loadPostgres(ctx context.Context, conn *sql.Conn, _ *sql.Tx, t table, rows []pending) error {
	var fresh [][]any
	changes, upsert := &pgx.Batch{}, t.upsertSQL(1)
	for _, row := range rows {
		if row.stored {
			changes.Queue(upsert, row.values...)
		} else {
			fresh = append(fresh, row.values)
		}
	}
	return conn.Raw(func(driver any) error {
		pg, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("bulk load of %s: %T is not a pgx connection", t.name, driver)
		}
		_, err := pg.Conn().CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(fresh))
		if err == nil && changes.Len() > 0 {
			err = pg.Conn().SendBatch(ctx, changes).Close()
		}
		if err != nil {
			return fmt.Errorf("bulk load of %s: %w", t.name, err)
		}
		return nil
	})
}
