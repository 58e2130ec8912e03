package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ordermill/eventstore"
)

// appendConns: while one append is being committed, the next waits for the lock at the server; more would only wait.
const appendConns = 2

// appendSettings are the session's, so they cost no round trip. A frozen holder of the lock is thrown off and a waiter
// tries again, so that one copy cannot stop the shop. Plans are made once and must use the primary and unique keys, even
// while the tables are small or were never analyzed.
var appendSettings = map[string]string{
	"idle_in_transaction_session_timeout": "2s",
	"lock_timeout":                        "2s",
	"plan_cache_mode":                     "force_generic_plan",
	"enable_seqscan":                      "off",
	"jit":                                 "off",
}

// commitTimeout bounds the round trip that commits; the caller's context cannot end it half-way.
const commitTimeout = 5 * time.Second

// few: up to this many rows, a statement for each is quicker than one over arrays (an unnest costs about 30 us, a
// statement in a pipeline about 6 us).
const few = 3

// Append takes two round trips: begin, lock and look; then write and commit.
func (d *logDriver) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	conn, err := d.appends.Acquire(ctx)
	if err != nil {
		return classifyConnect(ctx, err)
	}
	defer conn.Release() // destroys the connection if it is broken or still in a transaction
	found, err := look(ctx, conn.Conn(), d.lockKey, lookup)
	if err != nil {
		rollback(ctx, conn.Conn())
		return classifyBefore(ctx, err)
	}
	rows := plan(found)
	if err := ctx.Err(); err != nil || rows.Empty() {
		rollback(ctx, conn.Conn())
		return err
	}
	if err := write(ctx, conn.Conn(), rows); err != nil {
		rollback(ctx, conn.Conn())
		return classifyCommit(err)
	}
	return nil
}

// look begins the transaction, takes the lock, and answers lookup, in one round trip. The lock stands in its own
// statement: those after it take their snapshot when it is held, and so see every earlier commit.
func look(ctx context.Context, conn *pgx.Conn, lockKey int64, lookup eventstore.Lookup) (eventstore.Snapshot, error) {
	batch := &pgx.Batch{}
	batch.Queue(`BEGIN ISOLATION LEVEL READ COMMITTED`)
	batch.Queue(`SELECT pg_advisory_xact_lock($1)`, lockKey)
	found := queueLookup(batch, lookup)
	err := conn.SendBatch(ctx, batch).Close()
	return *found, err
}

// write inserts the rows and commits, in one round trip that only commitTimeout or the connection's end can cut short.
func write(ctx context.Context, conn *pgx.Conn, rows eventstore.Rows) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	batch := &pgx.Batch{}
	queueRecords(batch, rows.Records)
	queueReceipts(batch, rows.Receipts)
	batch.Queue(`COMMIT`).Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("%w: COMMIT was answered with %s", eventstore.ErrRolledBack, tag)
		}
		return nil
	})
	return conn.SendBatch(ctx, batch).Close()
}

// rollback spares the connection if it is still good; Release destroys it otherwise.
func rollback(ctx context.Context, conn *pgx.Conn) {
	if conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	_, _ = conn.Exec(ctx, `ROLLBACK`)
}
