package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// ErrNoStreams: the projection's keys do not tell their streams, so no row of it can be folded without the others.
var ErrNoStreams = errors.New("a key of this read model does not tell which streams its row is folded from: rebuild the read model")

// Mended is what became of one row that was folded anew.
type Mended struct {
	Report         // of the row as it was before, against what the log says
	Key    string  // whose row it is
	Was    Outcome // of folding it
}

// Outcome is what was done to a row.
type Outcome string

// What can be done to a row.
const (
	AsItWas Outcome = "unchanged" // it was what the log says
	Written Outcome = "written"
	Removed Outcome = "removed" // the log has nothing for it
)

// errFlipped: another generation became live while a row of this one was folded.
var errFlipped = errors.New("another generation is live now")

// Mend folds one key's row from the key's own streams, as far as the live generation has come, and writes it, while whoever keeps that
// generation goes on: it waits only for the writing. It returns what was wrong with the row. ErrNoStreams; ErrParked, and nothing is
// touched, if the key is parked or would have to be; ErrNotFound if there is neither a row nor an event; ErrNotReady.
func (m *Model[R]) Mend(ctx context.Context, key string) (Mended, error) {
	mended := Mended{Key: key}
	err := ErrNoStreams
	switch {
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		err = ErrNotFound
	case m.projection.Streams != nil:
		select {
		case m.mends <- struct{}{}:
			defer func() { <-m.mends }()
		case <-ctx.Done():
			return mended, ctx.Err()
		}
		for err = errFlipped; errors.Is(err, errFlipped); {
			mended.Report = Report{Projection: m.projection.Name}
			err = m.mend(ctx, &mended)
		}
	}
	if err != nil {
		return mended, fmt.Errorf("mend row %.100q of %s: %w", key, m.projection.Name, err)
	}
	return mended, nil
}

// folding is a row that is being folded, as far as it has come.
type folding[R any] struct {
	row      R
	any      bool // there was an event
	position int64
}

func (m *Model[R]) mend(ctx context.Context, mended *Mended) error {
	generation, position, err := m.livePosition(ctx, m.db.Read)
	if err != nil {
		return err
	}
	f := folding[R]{position: position}
	for step, err := range m.projection.Trace(ctx, m.store, mended.Key, position) { // before anybody is held up: a stream may be long
		if err != nil {
			return err
		}
		f.row, f.any = step.Row, true
	}
	ctx, cancel := context.WithTimeout(ctx, holdFor)
	defer cancel()
	return m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		if f.position, err = m.pause(ctx, tx, generation); err != nil {
			return err
		}
		if err := m.foldOn(ctx, &f, mended.Key, position); err != nil {
			return err
		}
		mended.Generation, mended.Position = generation, f.position
		return m.replace(ctx, tx, m.projection.table(generation), f, mended)
	})
}

// pause holds the live generation's checkpoint row until the transaction ends, so that nobody writes its rows; its owner keeps it, and
// goes on afterwards. It returns where it stands; errFlipped if it is not the live one any more.
func (m *Model[R]) pause(ctx context.Context, tx *sql.Tx, generation int64) (position int64, err error) {
	var logID string
	err = tx.QueryRowContext(ctx, `UPDATE consumers SET position = position WHERE name = $1 RETURNING position, log_id`,
		consumerName(m.projection.Name, generation)).Scan(&position, &logID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errFlipped
	}
	if err != nil {
		return 0, err
	}
	if parsed, err := uuid.Parse(logID); err != nil || parsed != m.store.LogID() {
		return 0, errors.Join(subscription.ErrDiverged, err)
	}
	live, _, err := m.livePosition(ctx, tx)
	if err == nil && live != generation {
		err = errFlipped
	}
	return position, err
}

// foldOn folds the little that the live generation has folded since a position.
func (m *Model[R]) foldOn(ctx context.Context, f *folding[R], key string, after int64) error {
	for after < f.position {
		records, err := m.store.Read(ctx, eventstore.Query{After: after, Limit: int(min(f.position-after, eventstore.MaxPage))})
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return fmt.Errorf("%w: it ends before position %d", subscription.ErrDiverged, f.position)
		}
		for _, record := range records {
			keys, err := m.projection.Keys(record)
			if err != nil {
				return err
			}
			if !slices.Contains(keys, key) {
				continue
			}
			if f.row, err = m.projection.foldOne(f.row, record); err != nil {
				if !errors.Is(err, subscription.ErrStop) {
					err = fmt.Errorf("%w: %w", ErrParked, err)
				}
				return err
			}
			f.any = true
		}
		after = records[len(records)-1].Position
	}
	return nil
}

// replace writes a row as it was folded, or removes one that no event speaks of, and tells how it was before.
func (m *Model[R]) replace(ctx context.Context, tx *sql.Tx, t table, f folding[R], mended *Mended) error {
	parked, err := subscription.ParkedKeys(ctx, tx, consumerName(m.projection.Name, mended.Generation))
	if err != nil {
		return err
	}
	if parked[mended.Key] {
		return fmt.Errorf("%w; retry or discard it", ErrParked)
	}
	before, err := t.scanOne(ctx, tx, mended.Key)
	if err != nil {
		return err
	}
	switch {
	case f.any:
		var values []any
		if values, err = m.projection.encode(mended.Key, f.row); err == nil {
			err = t.upsert(ctx, tx, [][]any{values})
		}
		mended.Was = Written
	case before != nil:
		_, err = tx.ExecContext(ctx, `DELETE FROM `+t.name+` WHERE key = $1`, mended.Key)
		mended.Was = Removed
	default:
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	after, err := t.scanOne(ctx, tx, mended.Key)
	if err != nil {
		return err
	}
	mended.pair(before, after, t.columns, nil)
	if mended.Count == 0 {
		mended.Was = AsItWas
	}
	return nil
}
