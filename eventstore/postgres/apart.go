package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"

	"ordermill/eventstore"
	"ordermill/migrations"
)

// ReadPlace is the open place of read models and projectors' checkpoints in a database of its own, beside a Database that has the
// rest of the shop.
type ReadPlace struct{ db Database }

// MigrateRead brings a read place to the newest version. Callers at once wait for one another. migrations.ErrHoldsLog.
func MigrateRead(ctx context.Context, url string, options MigrateOptions) error {
	return migrate(ctx, url, options, migrations.PostgresRead)
}

// OpenRead connects to a read place. Errors: those of Open, and migrations.ErrHoldsLog.
func OpenRead(ctx context.Context, url string, options Options) (*ReadPlace, error) {
	config, schemas, err := parse(url, options.Name)
	if err != nil {
		return nil, err
	}
	p := &ReadPlace{}
	pool, err := p.db.pool(ctx, config, options.conns(), consumerSettings)
	if err != nil {
		return nil, err
	}
	p.db.consumers = stdlib.OpenDBFromPool(pool)
	if err = p.db.consumers.PingContext(ctx); err != nil {
		err = fmt.Errorf("the read store: %w: %w", eventstore.ErrUnavailable, err)
	} else {
		err = migrations.CheckPostgresRead(ctx, p.db.consumers, schemas)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Read is as Database.Read.
func (p *ReadPlace) Read() (write, read *sql.DB) { return p.db.Read() }

// Close closes all connections. Calls under way must have returned.
func (p *ReadPlace) Close() error { return p.db.Close() }
