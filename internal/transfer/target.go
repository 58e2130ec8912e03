package transfer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordermill/eventstore"
)

// Target is the store that a file is brought into.
type Target struct {
	Log     eventstore.Driver
	Durable *sql.DB // the log's place; a commit is on disk when it returns
	// Sole: no other process can be alive on the store (the operating system's lock on the data folder proves it), so leases
	// that stand there are those of a process that died.
	Sole bool
}

// Querier is a database, or a transaction.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Unfinished returns ErrUnfinished if an import into the store has begun and not ended: it must not be served, nor exported.
func Unfinished(ctx context.Context, db Querier) error {
	var head int64
	err := db.QueryRowContext(ctx, `SELECT head FROM importing`).Scan(&head)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for an import that has not ended: %w", err)
	}
	return fmt.Errorf("%w (of a log of %d events): served like this, the shop could do again what it has done elsewhere. "+
		"Run the same \"ordermill import\" again: it goes on from where it is", ErrUnfinished, head)
}

// Claim marks a target whose log is still empty, so that it can be given the file's log_id; the target is not served until an
// import has ended. Errors: ErrOtherLog if it is not empty, ErrServed.
func (f *File) Claim(ctx context.Context, t Target) error {
	var used bool
	err := t.Durable.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM receipts)`).Scan(&used)
	if err != nil {
		return fmt.Errorf("look into the target: %w", err)
	}
	if used {
		return fmt.Errorf("%w: it holds log %s, the file is of log %s: import into a new store (another folder, or another --name)",
			ErrOtherLog, t.Log.LogID(), f.header.LogID)
	}
	if err := t.notServed(ctx); err != nil {
		return err
	}
	return f.mark(ctx, t)
}

// mark makes the store one that must not be served.
func (f *File) mark(ctx context.Context, t Target) error {
	_, err := t.Durable.ExecContext(ctx, `
		INSERT INTO importing (id, log_id, head, begun_at) VALUES (1, $1, $2, now_ms())
		ON CONFLICT (id) DO UPDATE SET log_id = excluded.log_id, head = excluded.head, begun_at = excluded.begun_at`,
		f.header.LogID.String(), f.header.Head.Position)
	if err != nil {
		return fmt.Errorf("mark the target as one that is being imported into: %w", err)
	}
	return nil
}

// notServed looks for a lease that is alive. Leases live for seconds: one that ends later was written by a clock that has been set back.
func (t Target) notServed(ctx context.Context) error {
	if t.Sole {
		return nil
	}
	var consumer string
	err := t.Durable.QueryRowContext(ctx, `
		SELECT name FROM consumers WHERE owner <> '' AND lease_until > now_ms() AND lease_until <= now_ms() + 60000
		ORDER BY name LIMIT 1`).Scan(&consumer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for copies of the program: %w", err)
	}
	return fmt.Errorf("%w: a copy of the program runs %s on it. Stop all copies and run the import again; what a copy that died held is free after 5 seconds",
		ErrServed, consumer)
}
