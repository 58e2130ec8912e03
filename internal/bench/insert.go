package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the baseline speaks to it directly

	"ordermill/eventstore"
	"ordermill/eventstore/sqlite"
)

// inserter is the baseline: one autocommit INSERT per event, into a table like ours in columns, indexes and durability.
// It checks nothing and writes no receipt.
type inserter struct {
	sample   eventstore.Record // whose contents every row has
	insert   func(ctx context.Context, args ...any) error
	close    func()
	versions []atomic.Int64 // by caller
}

func (b *inserter) do(ctx context.Context, caller int) error {
	s := b.sample
	return b.insert(ctx, eventstore.Stream("bench", fmt.Sprint(caller)), b.versions[caller].Add(1), uuid.Must(uuid.NewV7()),
		s.Type, s.SchemaVersion, s.CommandID, string(s.Data), string(s.Metadata), s.RecordedAt.UnixMilli())
}

// insertPostgres makes the table beside the shop's own, and connects with a pool of this size.
func insertPostgres(ctx context.Context, url string, conns, callers int, sample eventstore.Record) (*inserter, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = int32(conns), int32(conns)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, `
		CREATE SCHEMA IF NOT EXISTS plain;
		DROP TABLE IF EXISTS plain.events;
		CREATE TABLE plain.events (LIKE ordermill_log.events INCLUDING ALL);
		ALTER TABLE plain.events ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY`); err != nil {
		pool.Close()
		return nil, fmt.Errorf("baseline's table: %w", err)
	}
	return &inserter{
		sample: sample, versions: make([]atomic.Int64, callers), close: pool.Close,
		insert: func(ctx context.Context, args ...any) error {
			_, err := pool.Exec(ctx, `INSERT INTO plain.events
				(stream, version, event_id, type, schema_version, command_id, data, metadata, recorded_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, args...)
			return err
		},
	}, nil
}

// insertSQLite writes into a log of its own: the same table, the same settings, one transaction per event.
func insertSQLite(ctx context.Context, folder string, callers int, sample eventstore.Record) (*inserter, error) {
	if err := sqlite.Migrate(ctx, folder); err != nil {
		return nil, err
	}
	query := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "log.db")+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer; more only wait for each other
	statement, err := db.PrepareContext(ctx, `INSERT INTO events
		(stream, version, event_id, type, schema_version, command_id, data, metadata, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	if err != nil {
		db.Close()
		return nil, err
	}
	return &inserter{
		sample: sample, versions: make([]atomic.Int64, callers), close: func() { db.Close() },
		insert: func(ctx context.Context, args ...any) error {
			_, err := statement.ExecContext(ctx, args...)
			return err
		},
	}, nil
}
