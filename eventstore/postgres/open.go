package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"ordermill/eventstore"
	"ordermill/migrations"
)

// DefaultName is the shop's name when none is given.
const DefaultName = "ordermill"

// Options change how a shop is opened. The zero value is right for one shop with a few copies of the program.
type Options struct {
	Name     string // the shop's name, prefix of its schemas; default DefaultName
	MaxConns int32  // of each of the two general pools; default 8. Appends (2) and listening (1) have their own
}

func (o Options) conns() int32 { return cmp.Or(o.MaxConns, 8) }

// consumerSettings are the session's of read models and checkpoints. A copy that is frozen in a transaction is thrown off, so
// that it cannot keep another one from taking its consumers over.
var consumerSettings = map[string]string{"synchronous_commit": "off", "idle_in_transaction_session_timeout": "6s"}

// Database is an open shop.
type Database struct {
	log       *logDriver
	pools     []*pgxpool.Pool
	durable   *sql.DB
	consumers *sql.DB
}

// MigrateOptions say what Migrate makes.
type MigrateOptions struct {
	Name string // as in Options
	Role string // an existing role that is granted what the running service needs, and no more; "" grants nothing
}

// Migrate brings a shop to the newest version. Copies that call it at once wait for one another.
func Migrate(ctx context.Context, url string, options MigrateOptions) error {
	return migrate(ctx, url, options, migrations.Postgres)
}

func migrate(ctx context.Context, url string, options MigrateOptions,
	up func(ctx context.Context, db *sql.DB, schemas migrations.Schemas, role string) error) (err error) {
	config, schemas, err := parse(url, options.Name)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	return up(ctx, db, schemas, options.Role)
}

// Open connects to a shop. Errors: eventstore.ErrUnavailable, migrations.ErrNotMigrated, migrations.ErrNewer.
func Open(ctx context.Context, url string, options Options) (*Database, error) {
	config, schemas, err := parse(url, options.Name)
	if err != nil {
		return nil, err
	}
	db := &Database{}
	if err := db.open(ctx, config, schemas, options); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *Database) open(ctx context.Context, config *pgxpool.Config, schemas migrations.Schemas, options Options) error {
	conns := options.conns()
	durable, err := db.pool(ctx, config, conns, nil)
	if err != nil {
		return err
	}
	consumers, err := db.pool(ctx, config, conns, consumerSettings)
	if err != nil {
		return err
	}
	appends, err := db.pool(ctx, config, appendConns, appendSettings)
	if err != nil {
		return err
	}
	db.durable, db.consumers = stdlib.OpenDBFromPool(durable), stdlib.OpenDBFromPool(consumers)
	if err := db.durable.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	if err := migrations.CheckPostgres(ctx, db.durable, schemas); err != nil {
		return err
	}
	db.log, err = newLog(ctx, schemas, appends, durable, consumers)
	return err
}

// Driver is the log. Its Close ends its signals to other processes; the connections are the Database's.
func (db *Database) Driver() eventstore.Driver { return db.log }

// Log is the place of reactors' checkpoints. A server crash may take its last commits: right for what is harmless to do twice.
func (db *Database) Log() (write, read *sql.DB) { return db.consumers, db.consumers }

// Durable is the same place as Log, for what must not be lost (inbox, contacts, keys): a commit is on disk when it returns.
func (db *Database) Durable() (write, read *sql.DB) { return db.durable, db.durable }

// Read is the place of read models and projectors' checkpoints; a server crash may take its last commits, together.
func (db *Database) Read() (write, read *sql.DB) { return db.consumers, db.consumers }

// Close closes all connections. Calls under way must have returned.
func (db *Database) Close() error {
	var errs []error
	if db.log != nil {
		errs = append(errs, db.log.Close())
	}
	for _, handle := range []*sql.DB{db.durable, db.consumers} {
		if handle != nil {
			errs = append(errs, handle.Close())
		}
	}
	for _, pool := range db.pools {
		pool.Close()
	}
	return errors.Join(errs...)
}

// parse reads the URL and adds what every connection of a shop needs.
func parse(url, name string) (*pgxpool.Config, migrations.Schemas, error) {
	if name == "" {
		name = DefaultName
	}
	schemas, err := migrations.SchemasOf(name)
	if err != nil {
		return nil, schemas, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, schemas, fmt.Errorf("store URL: %w", err) // pgx leaves the password out
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	settings := config.ConnConfig.RuntimeParams
	settings["search_path"] = schemas.SearchPath()
	settings["timezone"] = "UTC"
	settings["default_transaction_isolation"] = "read committed" // a server may be set up otherwise
	for key, value := range map[string]string{"application_name": "ordermill", "synchronous_commit": "on"} {
		if settings[key] == "" { // remote_apply and the like are for the URL to say
			settings[key] = value
		}
	}
	return config, schemas, nil
}

func (db *Database) pool(ctx context.Context, config *pgxpool.Config, conns int32, settings map[string]string) (*pgxpool.Pool, error) {
	config = config.Copy()
	config.MaxConns = conns
	for key, value := range settings {
		config.ConnConfig.RuntimeParams[key] = value
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connection pool: %w", err)
	}
	db.pools = append(db.pools, pool)
	return pool, nil
}
