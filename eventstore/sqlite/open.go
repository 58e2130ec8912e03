package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"modernc.org/sqlite"

	"ordermill/eventstore"
	"ordermill/migrations"
)

// SQL that is shared with Postgres counts on these functions. The library keeps one list for the whole program.
func init() {
	sqlite.MustRegisterScalarFunction("now_ms", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		return time.Now().UnixMilli(), nil
	})
	sqlite.MustRegisterScalarFunction("gen_random_uuid", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		id, err := uuid.NewRandom()
		return id.String(), err
	})
}

// Options change how a folder is opened. The zero value is right for a shop.
type Options struct {
	Readers int // connections that read each file; default 4
}

// Database is an open data folder.
type Database struct {
	lock *os.File
	log  *logDriver

	durable, consumers, logRead *sql.DB // log.db
	readWrite, readRead         *sql.DB // read.db
}

// Migrate makes the folder if it is not there and brings its files to the newest version. It returns ErrInUse while
// somebody works on the folder.
func Migrate(ctx context.Context, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	for file, place := range map[string]migrations.Place{logFile: migrations.Log, readFile: migrations.Read} {
		db, err := handle(filepath.Join(dir, file), full, 1, nil)
		if err == nil {
			err = errors.Join(migrations.SQLite(ctx, db, place), db.Close())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// Open takes the folder for this process until Close. Errors: ErrInUse, migrations.ErrNotMigrated, migrations.ErrNewer.
func Open(ctx context.Context, dir string, options Options) (*Database, error) {
	for _, file := range []string{logFile, readFile} {
		if _, err := os.Stat(filepath.Join(dir, file)); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: there is no %s in %s; run \"ordermill migrate\" on it first", migrations.ErrNotMigrated, file, dir)
		}
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	db := &Database{lock: lock}
	if err := db.open(ctx, dir, options); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", dir, err), db.Close())
	}
	return db, nil
}

func (db *Database) open(ctx context.Context, dir string, options Options) error {
	readers := options.Readers
	if readers == 0 {
		readers = 4
	}
	logPath, readPath := filepath.Join(dir, logFile), filepath.Join(dir, readFile)
	turns := newGate()
	var appends *sql.DB
	for _, h := range []struct {
		to    **sql.DB
		path  string
		mode  mode
		conns int
		gate  gate
	}{
		{&appends, logPath, full, 1, nil}, // the driver passes the gate itself
		{&db.durable, logPath, full, 1, turns},
		{&db.consumers, logPath, normal, 1, turns},
		{&db.logRead, logPath, readOnly, readers, nil},
		{&db.readWrite, readPath, normal, 1, nil},
		{&db.readRead, readPath, readOnly, readers, nil},
	} {
		var err error
		if *h.to, err = handle(h.path, h.mode, h.conns, h.gate); err != nil {
			return err
		}
	}
	db.log = &logDriver{write: appends, read: db.logRead, gate: turns}
	if err := migrations.CheckSQLite(ctx, db.logRead, migrations.Log); err != nil {
		return err
	}
	if err := migrations.CheckSQLite(ctx, db.readRead, migrations.Read); err != nil {
		return err
	}
	return db.log.prepare(ctx)
}

// Driver is the log. Its Close closes its own connection only.
func (db *Database) Driver() eventstore.Driver { return db.log }

// Log is the place of reactors' checkpoints. A commit through write survives the end of the process, and of the machine
// only once a later append or durable commit is on disk: right for what is harmless to do twice.
func (db *Database) Log() (write, read *sql.DB) { return db.consumers, db.logRead }

// Durable is the same place as Log, for what must not be lost (inbox, contacts, keys): a commit is on disk when it returns.
func (db *Database) Durable() (write, read *sql.DB) { return db.durable, db.logRead }

// Read is the place of read models and projectors' checkpoints; a power cut may take its last commits, together.
func (db *Database) Read() (write, read *sql.DB) { return db.readWrite, db.readRead }

// Close closes all connections and gives the folder free. Calls under way must have returned.
func (db *Database) Close() error {
	var errs []error
	if db.log != nil {
		errs = append(errs, db.log.Close())
	}
	for _, h := range []*sql.DB{db.readRead, db.readWrite, db.logRead, db.consumers, db.durable} {
		if h != nil {
			errs = append(errs, h.Close())
		}
	}
	return errors.Join(append(errs, db.lock.Close())...)
}

const (
	logFile  = "log.db"
	readFile = "read.db"
)

// mode is how a connection may write, and what a commit means.
type mode struct {
	synchronous string
	readOnly    bool
}

var (
	full     = mode{synchronous: "FULL"}   // on disk before it is seen
	normal   = mode{synchronous: "NORMAL"} // on disk some time later, in order
	readOnly = mode{synchronous: "NORMAL", readOnly: true}
)

// handle opens connections to one file, lazily.
func handle(path string, m mode, conns int, g gate) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	query := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(" + m.synchronous + ")",
		"foreign_keys(1)", "recursive_triggers(1)"}}
	if m.readOnly {
		query.Add("_pragma", "query_only(1)")
	} else {
		query.Set("_txlock", "immediate") // SQLite's lock is taken at BEGIN, so a transaction never fails half-way for it
	}
	connector, err := sqlite.NewConnector(fileURL(path, query))
	if err != nil {
		return nil, err
	}
	if g != nil {
		connector = gatedConnector{connector, g}
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// fileURL names a file, by its absolute path, for SQLite.
func fileURL(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}).String()
}
