package sqlite

import (
	"context"
	"database/sql/driver"
)

// gate lets the writers of one file in one after another, in the order they came. SQLite has one write lock per file;
// connections that meet at it sleep and try again, and one that is unlucky starves beside a busy one. Behind the gate
// nobody meets anybody there.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }

// gatedConnector makes connections whose transactions, and statements outside of one, pass the gate.
type gatedConnector struct {
	driver.Connector
	gate gate
}

func (c gatedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &gatedConn{connection: conn.(connection), gate: c.gate}, nil
}

// connection is everything database/sql looks for in one of the driver's connections.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// gatedConn does not watch statements that were prepared outside of a transaction: they are right, only not as quick.
type gatedConn struct {
	connection
	gate gate
	inTx bool
}

func (c *gatedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.gate.enter(ctx); err != nil {
		return nil, err
	}
	tx, err := c.connection.BeginTx(ctx, opts)
	if err != nil {
		c.gate.leave()
		return nil, err
	}
	c.inTx = true
	return gatedTx{tx, c}, nil
}

type gatedTx struct {
	tx   driver.Tx
	conn *gatedConn
}

func (t gatedTx) Commit() error   { defer t.end(); return t.tx.Commit() }
func (t gatedTx) Rollback() error { defer t.end(); return t.tx.Rollback() }
func (t gatedTx) end()            { t.conn.inTx = false; t.conn.gate.leave() }

func (c *gatedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !c.inTx {
		if err := c.gate.enter(ctx); err != nil {
			return nil, err
		}
		defer c.gate.leave()
	}
	return c.connection.ExecContext(ctx, query, args)
}

func (c *gatedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.inTx {
		return c.connection.QueryContext(ctx, query, args)
	}
	if err := c.gate.enter(ctx); err != nil {
		return nil, err
	}
	rows, err := c.connection.QueryContext(ctx, query, args)
	if err != nil {
		c.gate.leave()
		return nil, err
	}
	return gatedRows{rows, c.gate}, nil // INSERT ... RETURNING holds SQLite's lock until its rows are closed
}

type gatedRows struct {
	driver.Rows
	gate gate
}

func (r gatedRows) Close() error { defer r.gate.leave(); return r.Rows.Close() }
