package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// logDriver is the log in log.db.
type logDriver struct {
	write *sql.DB // one connection, for appends only
	read  *sql.DB
	gate  gate
	logID uuid.UUID

	tail, version, receipt, eventID *sql.Stmt
	insertEvent, insertReceipt      *sql.Stmt
}

const columns = `position, stream, version, event_id, type, schema_version, command_id, data, metadata, recorded_at`

// prepare compiles what an append needs, once. Rows are inserted one by one: a statement of many rows with $n is quadratic here.
func (d *logDriver) prepare(ctx context.Context) error {
	if err := d.read.QueryRowContext(ctx, `SELECT log_id FROM log`).Scan(&d.logID); err != nil {
		return fmt.Errorf("read the log's id: %w", err)
	}
	for stmt, query := range map[**sql.Stmt]string{
		&d.tail:          `SELECT position, event_id, recorded_at FROM events ORDER BY position DESC LIMIT 1`,
		&d.version:       `SELECT version FROM events WHERE stream = $1 ORDER BY version DESC LIMIT 1`,
		&d.receipt:       `SELECT fingerprint, response, position FROM receipts WHERE scope = $1 AND key = $2`,
		&d.eventID:       `SELECT 1 FROM events WHERE event_id = $1`,
		&d.insertEvent:   `INSERT INTO events (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		&d.insertReceipt: `INSERT INTO receipts (scope, key, fingerprint, response, position, command_id, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
	} {
		var err error
		if *stmt, err = d.write.PrepareContext(ctx, query); err != nil {
			return fmt.Errorf("prepare an append: %w", err)
		}
	}
	return nil
}

func (d *logDriver) LogID() uuid.UUID { return d.logID }

// Append waits for the gate as long as ctx allows; after that it takes milliseconds and is not interrupted, so that it
// is never in doubt whether a commit took place.
func (d *logDriver) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	if err := d.gate.enter(ctx); err != nil {
		return err
	}
	defer d.gate.leave()
	ctx = context.WithoutCancel(ctx)
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	rows, err := d.fill(ctx, tx, lookup, plan)
	if err != nil || rows.Empty() {
		return classify(err)
	}
	return classifyCommit(tx.Commit())
}

func (d *logDriver) fill(ctx context.Context, tx *sql.Tx, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) (eventstore.Rows, error) {
	found, err := d.look(ctx, tx, lookup)
	if err != nil {
		return eventstore.Rows{}, err
	}
	rows := plan(found)
	insertEvent := tx.StmtContext(ctx, d.insertEvent)
	for _, r := range rows.Records {
		if _, err := insertEvent.ExecContext(ctx, r.Position, r.Stream, r.Version, r.EventID, r.Type, r.SchemaVersion,
			r.CommandID, string(r.Data), string(r.Metadata), r.RecordedAt.UnixMilli()); err != nil {
			return rows, err
		}
	}
	insertReceipt := tx.StmtContext(ctx, d.insertReceipt)
	for _, r := range rows.Receipts {
		if _, err := insertReceipt.ExecContext(ctx, r.Scope, r.Key, notNull(r.Fingerprint), notNull(r.Response), r.Position,
			r.CommandID, r.RecordedAt.UnixMilli()); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// notNull keeps empty bytes empty: they come and go as nil otherwise, which is NULL in the database.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// look answers lookup from inside the transaction.
func (d *logDriver) look(ctx context.Context, tx *sql.Tx, lookup eventstore.Lookup) (found eventstore.Snapshot, err error) {
	var recordedAt int64
	tail := &found.Tail
	switch err := tx.StmtContext(ctx, d.tail).QueryRowContext(ctx).Scan(&tail.Position, &tail.EventID, &recordedAt); {
	case err == nil:
		tail.RecordedAt = time.UnixMilli(recordedAt).UTC()
	case !errors.Is(err, sql.ErrNoRows):
		return found, err
	}
	found.Versions = make(map[string]int64, len(lookup.Streams))
	versionOf := tx.StmtContext(ctx, d.version)
	for _, stream := range lookup.Streams {
		var version int64
		if ok, err := one(versionOf.QueryRowContext(ctx, stream), &version); err != nil {
			return found, err
		} else if ok {
			found.Versions[stream] = version
		}
	}
	found.Receipts = make(map[eventstore.ReceiptKey]eventstore.Receipt, len(lookup.Receipts))
	receiptOf := tx.StmtContext(ctx, d.receipt)
	for _, key := range lookup.Receipts {
		r := eventstore.Receipt{Scope: key.Scope, Key: key.Key}
		if ok, err := one(receiptOf.QueryRowContext(ctx, key.Scope, key.Key), &r.Fingerprint, &r.Response, &r.Position); err != nil {
			return found, err
		} else if ok {
			r.Fingerprint, r.Response = notNull(r.Fingerprint), notNull(r.Response)
			found.Receipts[key] = r
		}
	}
	found.EventIDs = make(map[uuid.UUID]bool, len(lookup.EventIDs))
	for _, id := range lookup.EventIDs {
		var there int
		if ok, err := one(tx.StmtContext(ctx, d.eventID).QueryRowContext(ctx, id), &there); err != nil {
			return found, err
		} else if ok {
			found.EventIDs[id] = true
		}
	}
	return found, nil
}

// one scans a row that may not be there.
func one(row *sql.Row, to ...any) (ok bool, err error) {
	err = row.Scan(to...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (d *logDriver) Read(ctx context.Context, q eventstore.Query) ([]eventstore.Record, error) {
	direction := "ASC"
	if q.Latest {
		direction = "DESC"
	}
	query, args := `SELECT `+columns+` FROM events WHERE position > $1 ORDER BY position `+direction+` LIMIT $2`, []any{q.After, q.Limit}
	if q.Stream != "" {
		query = `SELECT ` + columns + ` FROM events WHERE stream = $1 AND version > $2 ORDER BY version ` + direction + ` LIMIT $3`
		args = []any{q.Stream, q.AfterVersion, q.Limit}
	}
	records, err := d.query(ctx, query, args...)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, fmt.Errorf("%w: read the log: %w", eventstore.ErrUnavailable, err)
	}
	if q.Latest {
		slices.Reverse(records)
	}
	return records, nil
}

func (d *logDriver) query(ctx context.Context, query string, args ...any) (records []eventstore.Record, err error) {
	rows, err := d.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r eventstore.Record
		var recordedAt int64
		if err := rows.Scan(&r.Position, &r.Stream, &r.Version, &r.EventID, &r.Type, &r.SchemaVersion, &r.CommandID,
			(*[]byte)(&r.Data), (*[]byte)(&r.Metadata), &recordedAt); err != nil {
			return nil, err
		}
		r.RecordedAt = time.UnixMilli(recordedAt).UTC()
		records = append(records, r)
	}
	return records, rows.Err()
}

// Notify has nobody to tell: one process owns the folder.
func (d *logDriver) Notify(context.Context, int64) {}

// Listen waits for ctx: no other process can append.
func (d *logDriver) Listen(ctx context.Context, _ func(int64)) error {
	<-ctx.Done()
	return ctx.Err()
}

// Close closes the connection for appends; a second call does nothing.
func (d *logDriver) Close() error { return d.write.Close() }
