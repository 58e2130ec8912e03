package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ordermill/eventstore"
	"ordermill/migrations"
)

// logDriver is the log in the schema <name>_log.
type logDriver struct {
	appends *pgxpool.Pool
	reads   *pgxpool.Pool
	logID   uuid.UUID
	lockKey int64 // of the advisory lock that every append holds
	signals *signals
}

func newLog(ctx context.Context, schemas migrations.Schemas, appends, reads, signalling *pgxpool.Pool) (*logDriver, error) {
	d := &logDriver{appends: appends, reads: reads}
	if err := reads.QueryRow(ctx, `SELECT log_id FROM log`).Scan(&d.logID); err != nil {
		return nil, fmt.Errorf("%w: read the log's id: %w", eventstore.ErrUnavailable, err)
	}
	sum := sha256.Sum256([]byte(d.logID.String() + " " + schemas.Log))
	d.lockKey = int64(binary.BigEndian.Uint64(sum[:]))
	d.signals = startSignals(signalling, schemas.Log)
	return d, nil
}

func (d *logDriver) LogID() uuid.UUID { return d.logID }

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
	rows, err := d.reads.Query(ctx, query, args...)
	if err == nil {
		var records []eventstore.Record
		if records, err = pgx.CollectRows(rows, scanRecord); err == nil {
			if q.Latest {
				slices.Reverse(records)
			}
			return records, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("%w: read the log: %w", eventstore.ErrUnavailable, err)
}

func scanRecord(row pgx.CollectableRow) (r eventstore.Record, err error) {
	var recordedAt int64
	err = row.Scan(&r.Position, &r.Stream, &r.Version, &r.EventID, &r.Type, &r.SchemaVersion, &r.CommandID,
		(*[]byte)(&r.Data), (*[]byte)(&r.Metadata), &recordedAt)
	r.RecordedAt = time.UnixMilli(recordedAt).UTC()
	return r, err
}

// Close ends the signals; a second call does nothing.
func (d *logDriver) Close() error {
	d.signals.stop()
	return nil
}
