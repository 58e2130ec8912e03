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
	forget   func() error // removes a temporary folder
}

// openStore opens, and if it may also migrates, what the configuration names.
func openStore(ctx context.Context, c Config) (*store, error) {
	s := &store{forget: func() error { return nil }}
	var err error
	if c.onPostgres() {
		err = s.openPostgres(ctx, c)
	} else {
		err = s.openSQLite(ctx, c)
	}
	if err != nil {
		return nil, errors.Join(err, s.forget())
	}
	s.log.Write, s.log.Read = s.Log()
	s.read.Write, s.read.Read = s.Read()
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
	s.database = db
	return err
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
			return "", errors.New("the store must be postgres://... or sqlite://FOLDER")
		}
		return path, nil
	case c.Data != "":
		return c.Data, nil
	}
	return "./ordermill-data", nil
}

func (c Config) onPostgres() bool {
	return strings.HasPrefix(c.Store, "postgres://") || strings.HasPrefix(c.Store, "postgresql://")
}

// databases lists each database once, for those who look at consumers.
func (s *store) databases() subscription.Overview {
	if s.log.Read == s.read.Read {
		return subscription.Overview{s.log}
	}
	return subscription.Overview{s.read, s.log}
}

// Migrate brings a store to this program's version. role, on Postgres, is granted what a running service needs and no more.
func Migrate(ctx context.Context, storeURL, name, role string) error {
	if path, ok := strings.CutPrefix(storeURL, "sqlite://"); ok {
		return sqlite.Migrate(ctx, path)
	}
	return postgres.Migrate(ctx, storeURL, postgres.MigrateOptions{Name: name, Role: role})
}
