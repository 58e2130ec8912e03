package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"modernc.org/sqlite"

	"ordermill/internal/newfile"
	"ordermill/migrations"
)

// Copy is what a backup holds.
type Copy struct {
	LogID      uuid.UUID
	Position   int64     // of the last event in it; 0: none
	RecordedAt time.Time // when that one was; zero: never
	Bytes      int64
}

// Backup writes a copy of a folder's log.db, as it is at one moment, to a new file. It takes no lock: the folder's owner goes on,
// appends included. The file gets its name when it is whole, looked through and on disk; only its owner may read it. One that is
// there already is an error (fs.ErrExist) and stays as it is. Errors besides: fs.ErrNotExist, migrations.ErrNotMigrated, and
// what the disk says.
func Backup(ctx context.Context, dir, file string) (made Copy, err error) {
	source := filepath.Join(dir, logFile)
	if _, err := os.Stat(source); err != nil { // SQLite would make it
		return made, fmt.Errorf("back up %s: %w", dir, err)
	}
	err = newfile.Make(file, func(partial string) error {
		if err := vacuumInto(ctx, source, partial); err != nil {
			return err
		}
		if made, err = inspect(ctx, partial); err != nil {
			return fmt.Errorf("look through the copy: %w", err)
		}
		return nil
	})
	if err != nil {
		return Copy{}, fmt.Errorf("back up %s: %w", source, err)
	}
	return made, nil
}

// vacuumInto copies in one read transaction, which no writer waits for.
func vacuumInto(ctx context.Context, source, target string) error {
	db, err := handle(source, normal, 1, nil)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, target)
	return errors.Join(err, db.Close())
}

// inspect tells what a copy holds, if SQLite finds it sound and its log has no gap.
func inspect(ctx context.Context, file string) (c Copy, err error) {
	connector, err := sqlite.NewConnector(fileURL(file, url.Values{"mode": {"ro"}}))
	if err != nil {
		return c, err
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'events'`).Scan(&tables); err != nil || tables == 0 {
		return c, errors.Join(fmt.Errorf("%w: it has no events", migrations.ErrNotMigrated), err)
	}
	var verdict, logID string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil || verdict != "ok" {
		return c, errors.Join(fmt.Errorf("it is damaged: %s", verdict), err)
	}
	var events, recordedAt int64
	if err := db.QueryRowContext(ctx, `SELECT log_id, (SELECT count(*) FROM events), coalesce((SELECT max(position) FROM events), 0),
		coalesce((SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1), 0) FROM log`).
		Scan(&logID, &events, &c.Position, &recordedAt); err != nil {
		return c, err
	}
	if events != c.Position {
		return c, fmt.Errorf("it is damaged: it has %d events, the last one at position %d", events, c.Position)
	}
	if recordedAt != 0 {
		c.RecordedAt = time.UnixMilli(recordedAt).UTC()
	}
	if c.LogID, err = uuid.Parse(logID); err != nil {
		return c, fmt.Errorf("the log's id: %w", err)
	}
	info, err := os.Stat(file)
	if err == nil {
		c.Bytes = info.Size()
	}
	return c, err
}
