package transfer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ordermill/eventstore"
	"ordermill/migrations"
)

// arrival is one import under way.
type arrival struct {
	*File
	target Target

	begins eventstore.Tail // of the target's log when the import began
	at     Head            // last event of the file so far
	table  int             // of the last row
	counts map[string]int64

	marked  bool
	cleared bool
}

// Into brings the file into a target with the file's log_id (see Claim). The target is marked before the first row is written and
// the mark is taken away after the last: in between it must not be served, and the import can be run again. A target that turns out
// not to be the beginning of the file's log is left as it is. Errors: ErrDamaged, ErrOtherLog, ErrServed, and the database's.
func (f *File) Into(ctx context.Context, target Target) (Summary, error) {
	a := &arrival{File: f, target: target, counts: map[string]int64{}}
	for _, t := range tables {
		a.counts[t.name] = 0
	}
	if err := a.begin(ctx); err != nil {
		return Summary{}, err
	}
	for {
		rows, ended, err := f.batch()
		if err != nil {
			return Summary{}, err
		}
		if err := a.write(ctx, rows); err != nil {
			return Summary{}, err
		}
		if ended == nil {
			continue
		}
		if err := a.finish(ctx, ended); err != nil {
			return Summary{}, err
		}
		return Summary{LogID: f.header.LogID, Head: f.header.Head.Position, Counts: a.counts}, nil
	}
}

// begin demands a target that nobody serves and that holds nothing but the beginning of the file's log, as far as its length tells.
func (a *arrival) begin(ctx context.Context) error {
	h := a.header
	if h.Schema > migrations.Newest() {
		return fmt.Errorf("%w: a newer program exported it (%s, its store has version %d, this program knows %d): import it with that program",
			migrations.ErrNewer, h.Program, h.Schema, migrations.Newest())
	}
	if id := a.target.Log.LogID(); id != h.LogID {
		return fmt.Errorf("%w: it holds log %s, the file is of log %s", ErrOtherLog, id, h.LogID)
	}
	if err := a.target.notServed(ctx); err != nil {
		return err
	}
	last, err := a.target.Log.Read(ctx, eventstore.Query{Latest: true, Limit: 1})
	if err != nil {
		return err
	}
	for _, r := range last {
		a.begins = eventstore.Tail{Position: r.Position, EventID: r.EventID, RecordedAt: r.RecordedAt}
	}
	if a.begins.Position > h.Head.Position {
		return fmt.Errorf("%w: it has %d events, the file %d: it went on by itself, or the file is an old one. Export the newer of the two "+
			"shops, or import into a new store", ErrOtherLog, a.begins.Position, h.Head.Position)
	}
	return nil
}

// write handles a batch, table by table.
func (a *arrival) write(ctx context.Context, rows []row) error {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].table == rows[0].table {
			n++
		}
		if err := a.writeTable(ctx, rows[0].table, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (a *arrival) writeTable(ctx context.Context, index int, rows []row) error {
	t := tables[index]
	if index < a.table {
		return a.damaged("rows of %s come after those of %s", t.name, tables[a.table].name)
	}
	a.table = index
	a.counts[t.name] += int64(len(rows))
	if t.name == eventsTable {
		return a.events(ctx, rows)
	}
	if err := a.wholeLog(); err != nil {
		return err
	}
	if err := a.marks(ctx); err != nil {
		return err
	}
	if t.name == receiptsTable {
		return a.receipts(ctx, rows)
	}
	return a.others(ctx, t, rows)
}

// marks makes the target one that must not be served, before the first row is written.
func (a *arrival) marks(ctx context.Context) error {
	if a.marked {
		return nil
	}
	a.marked = true
	return a.mark(ctx, a.target)
}

// others writes the rows of a table that is not the log's.
func (a *arrival) others(ctx context.Context, t table, rows []row) error {
	if err := a.clears(ctx); err != nil {
		return err
	}
	err := transact(ctx, a.target.Durable, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, t.insertion())
		if err != nil {
			return err
		}
		for _, r := range rows {
			if _, err := insert.ExecContext(ctx, r.values...); err != nil {
				return errors.Join(err, insert.Close())
			}
		}
		return insert.Close()
	})
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// clears empties, once, the tables that get exactly the file's rows.
func (a *arrival) clears(ctx context.Context) error {
	if a.cleared {
		return nil
	}
	err := transact(ctx, a.target.Durable, func(tx *sql.Tx) error {
		for _, statement := range clear {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make room for checkpoints: %w", err)
	}
	a.cleared = true
	return nil
}

// finish counts, and takes the mark away.
func (a *arrival) finish(ctx context.Context, e *end) error {
	if err := a.wholeLog(); err != nil {
		return err
	}
	for _, t := range tables {
		if a.counts[t.name] != e.Counts[t.name] {
			return a.damaged("%d rows of %s where its end says %d", a.counts[t.name], t.name, e.Counts[t.name])
		}
	}
	if err := a.marks(ctx); err != nil { // an empty shop has no row at all
		return err
	}
	if err := a.clears(ctx); err != nil {
		return err
	}
	if err := a.target.notServed(ctx); err != nil {
		return err
	}
	if _, err := a.target.Durable.ExecContext(ctx, `DELETE FROM importing`); err != nil {
		return fmt.Errorf("take the mark of the import away: %w", err)
	}
	return nil
}

// transact runs work in a transaction that commits if it returns nil.
func transact(ctx context.Context, db *sql.DB, work func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
