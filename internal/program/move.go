package program

import (
	"context"
	"database/sql"
	"errors"
	"io"

	"ordermill/app"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/internal/transfer"
	"ordermill/migrations"
)

// Export writes the shop that the configuration names (Data, or Store and Name) as a file, beside whoever serves it.
func Export(ctx context.Context, c Config, to io.Writer) (summary transfer.Summary, err error) {
	var snapshot *sql.Tx
	var closing func() error
	if onPostgres(c.Store) {
		snapshot, closing, err = postgres.Snapshot(ctx, c.Store, c.Name)
	} else {
		var folder string
		if folder, err = c.folder(); err == nil {
			snapshot, closing, err = sqlite.Snapshot(ctx, folder)
		}
	}
	if err != nil {
		return summary, err
	}
	defer func() { err = errors.Join(err, closing()) }()
	return transfer.Export(ctx, snapshot, app.Version(), to)
}

// Import brings such a file into the store that the configuration names, which is made if it is not there.
func Import(ctx context.Context, c Config, from io.Reader) (summary transfer.Summary, err error) {
	file, err := transfer.Open(from)
	if err != nil {
		return summary, err
	}
	s, err := openTarget(ctx, c, file)
	if err != nil {
		return summary, err
	}
	defer func() { err = errors.Join(err, s.closeTarget()) }()
	return file.Into(ctx, s.target())
}

// openTarget opens a store whose log has the file's id: it has it already, or is empty and is given it.
func openTarget(ctx context.Context, c Config, file *transfer.File) (*store, error) {
	s, err := openStore(ctx, c)
	if errors.Is(err, migrations.ErrNotMigrated) {
		c.Migrate = true
		s, err = openStore(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	logID := file.Header().LogID
	if s.Driver().LogID() == logID {
		return s, nil
	}
	if err := errors.Join(file.Claim(ctx, s.target()), s.closeTarget()); err != nil {
		return nil, err
	}
	if onPostgres(c.Store) {
		err = postgres.Adopt(ctx, c.Store, c.Name, logID)
	} else {
		var folder string
		if folder, err = c.folder(); err == nil {
			err = sqlite.Adopt(ctx, folder, logID)
		}
	}
	if err != nil {
		return nil, err
	}
	return openStore(ctx, c)
}

func (s *store) target() transfer.Target {
	return transfer.Target{Log: s.Driver(), Durable: s.durable, Sole: s.embedded}
}

func (s *store) closeTarget() error { return errors.Join(s.Driver().Close(), s.close()) }
