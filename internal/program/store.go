package program

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
)

// database is an open SQLite folder or an open Postgres shop.
type database interface {
	Driver() eventstore.Driver
	Log() (write, read *sql.DB)
	Durable() (write, read *sql.DB)
	Read() (write, read *sql.DB)
	Close() error
}

// store is the open database with its two places as consumers use them.
type store struct {
	database
	embedded bool // this process is the only one: the operating system's lock on the folder proves it
	log      subscription.Database
	read     subscription.Database
	durable  *sql.DB
	apart    *postgres.ReadPlace // where the read models are; nil: in the database
	forget   func() error        // removes a temporary folder
}

// openStore opens, and if it may also migrates, what the configuration names.
func openStore(ctx context.Context, c Config) (*store, error) {
	if err := c.checkStores(); err != nil {
		return nil, err
	}
	s := &store{forget: func() error { return nil }}
	open := s.openSQLite
	if onPostgres(c.Store) {
		open = s.openPostgres
	}
	if err := open(ctx, c); err != nil {
		return nil, errors.Join(err, s.forget())
	}
	s.log.Write, s.log.Read = s.Log()
	s.read.Write, s.read.Read = s.Read()
	if s.apart != nil {
		s.read.Write, s.read.Read = s.apart.Read()
	}
	s.durable, _ = s.Durable()
	return s, nil
}

func (s *store) openPostgres(ctx context.Context, c Config) error {
	if c.Migrate {
		if err := postgres.Migrate(ctx, c.Store, postgres.MigrateOptions{Name: c.Name}); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	db, err := postgres.Open(ctx, c.Store, postgres.Options{Name: c.Name})
	if err != nil {
		return err
	}
	s.database = db
	if c.ReadStore == "" {
		return nil
	}
	if s.apart, err = openReadStore(ctx, c); err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

func openReadStore(ctx context.Context, c Config) (*postgres.ReadPlace, error) {
	if c.Migrate {
		if err := postgres.MigrateRead(ctx, c.ReadStore, postgres.MigrateOptions{Name: c.Name}); err != nil {
			return nil, fmt.Errorf("migrate the read store: %w", err)
		}
	}
	return postgres.OpenRead(ctx, c.ReadStore, postgres.Options{Name: c.Name})
}

// close closes every connection and removes a temporary folder.
func (s *store) close() error {
	var apart error
	if s.apart != nil {
		apart = s.apart.Close()
	}
	return errors.Join(apart, s.Close(), s.forget())
}

// checkStores refuses what names no store of a known kind, before anything is opened or listened on.
func (c Config) checkStores() error {
	if _, err := c.folder(); err != nil && !onPostgres(c.Store) {
		return err
	}
	if c.ReadStore != "" && !(onPostgres(c.Store) && onPostgres(c.ReadStore)) {
		return errReadStore
	}
	return nil
}

var errStore = errors.New("the store must be postgres://... or sqlite://FOLDER")

var errReadStore = errors.New("a read store is postgres://..., beside a store on Postgres; SQLite keeps its read models in a file of their own anyway")

func onPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

func (s *store) openSQLite(ctx context.Context, c Config) error {
	folder, err := s.folder(c)
	if err != nil {
		return err
	}
	if c.Migrate || c.Store == "" {
		if err := sqlite.Migrate(ctx, folder); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	db, err := sqlite.Open(ctx, folder, sqlite.Options{})
	s.database, s.embedded = db, true
	return err
}

func (s *store) folder(c Config) (string, error) {
	if c.Store == "" && c.Memory {
		folder, err := os.MkdirTemp("", "ordermill-")
		s.forget = func() error { return os.RemoveAll(folder) }
		return folder, err
	}
	return c.folder()
}

// folder is the data folder that the configuration names, if it names no other kind of store.
func (c Config) folder() (string, error) {
	switch {
	case c.Store != "":
		path, ok := strings.CutPrefix(c.Store, "sqlite://")
		if !ok || path == "" {
			return "", errStore
		}
		return path, nil
	case c.Data != "":
		return c.Data, nil
	}
	return "./ordermill-data", nil
}

// databases lists each database once, for those who look at consumers.
func (s *store) databases() subscription.Overview {
	if s.log.Read == s.read.Read {
		return subscription.Overview{s.log}
	}
	return subscription.Overview{s.read, s.log}
}

// Migration says what Migrate brings to this program's version.
type Migration struct {
	Store, ReadStore, Name string // as in Config
	Role                   string // on Postgres: an existing role that is granted what a running service needs and no more
}

// Migrate brings a store, and its read store if there is one, to this program's version.
func Migrate(ctx context.Context, m Migration) error {
	if m.Store == "" {
		return errStore
	}
	c := Config{Store: m.Store, ReadStore: m.ReadStore}
	if err := c.checkStores(); err != nil {
		return err
	}
	if !onPostgres(m.Store) {
		folder, err := c.folder()
		if err != nil {
			return err
		}
		return sqlite.Migrate(ctx, folder)
	}
	options := postgres.MigrateOptions{Name: m.Name, Role: m.Role}
	err := postgres.Migrate(ctx, m.Store, options)
	if err == nil && m.ReadStore != "" {
		err = postgres.MigrateRead(ctx, m.ReadStore, options)
	}
	return err
}
