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

func (p pending) key() string { return p.values[0].(string) }

// bulkLoad writes many rows inside tx, which is open on conn.
type bulkLoad func(ctx context.Context, conn *sql.Conn, tx *sql.Tx, t table, rows []pending) error

// dialect is what the two databases do not share.
type dialect struct {
	load    bulkLoad // the fastest way that the database has
	shared  bool     // others write while a transaction does
	durable string   // begins a transaction whose commit outlives a crash of the database: those of rows need not; "" if there is nothing to say
}

func dialectOf(db *sql.DB) dialect {
	if _, ok := db.Driver().(*stdlib.Driver); ok {
		return dialect{load: loadPostgres, shared: true, durable: `SET LOCAL synchronous_commit = on`}
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

// loadPostgres copies all rows, after taking the old ones away.
func loadPostgres(ctx context.Context, conn *sql.Conn, _ *sql.Tx, t table, rows []pending) error {
	if len(rows) == 0 {
		return nil
	}
	var old []string
	for _, row := range rows {
		if row.stored {
			old = append(old, row.key())
		}
	}
	return conn.Raw(func(driver any) error {
		pg, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("bulk load of %s: %T is not a pgx connection", t.name, driver)
		}
		var err error
		if len(old) > 0 {
			_, err = pg.Conn().Exec(ctx, `DELETE FROM `+t.name+` WHERE key = ANY ($1)`, old)
		}
		if err == nil {
			_, err = pg.Conn().CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
				return rows[i].values, nil
			}))
		}
		if err != nil {
			return fmt.Errorf("bulk load of %s: %w", t.name, err)
		}
		return nil
	})
}
