package projections

import (
	"context"
	"database/sql"
	"errors"
)

// inTx runs work in one transaction that commits if it returns nil.
func (m *Model[R]) inTx(ctx context.Context, work func(*sql.Conn, *sql.Tx) error) error {
	conn, err := m.db.Write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(conn, tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}

// inDurableTx is inTx for what an operator is told: that a rebuild was taken on, and how it ended. Rows and their checkpoint may
// be lost together when the database crashes, and are folded again; a cut-over that was seen must stay.
func (m *Model[R]) inDurableTx(ctx context.Context, work func(*sql.Conn, *sql.Tx) error) error {
	return m.inTx(ctx, func(conn *sql.Conn, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, m.dialect.durable); err != nil {
			return err
		}
		return work(conn, tx)
	})
}
