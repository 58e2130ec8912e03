package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordermill/eventstore/subscription"
)

// Status, among generations, of one that is filled up to a position and then stays as it is.
const (
	freezing    = "freezing"
	frozen      = "frozen"
	frozenWrong = "freezing failed"
)

// FrozenFor is how long a frozen generation is kept after it was built or asked for again.
const FrozenFor = time.Hour

// maxFrozen is how many of one read model are kept at once: each has all of its rows.
const maxFrozen = 4

// Errors that callers match with errors.Is.
var (
	// ErrFreezing: the generation is not filled yet.
	ErrFreezing = errors.New("the generation is still being filled")
	// ErrFreezeRunning: another one of this projection is being filled already, here or in another process.
	ErrFreezeRunning = errors.New("a generation of this projection is being frozen at another position")
	// ErrTooManyFrozen: as many as are kept at once are there.
	ErrTooManyFrozen = errors.New("too many frozen generations of this projection are kept")
)

// Frozen is a generation that shows a read model as of a position.
type Frozen struct {
	Projection string
	Generation int64
	Position   int64  // as of which its rows are
	Status     string // Running, Done, Failed
	EventsDone int64
	StartedAt  time.Time
	ExpiresAt  time.Time // when it may be dropped; zero while it runs
	Error      string    // why it failed; while it runs, what it last stumbled over
}

// Freeze asks for a generation as of a position that the log has reached, which Run fills from the log, here or in another
// process, one at a time. It returns at once: see Frozen. Whoever asks for the same position gets the same one, and it is kept
// for another hour. ErrFreezeRunning, ErrTooManyFrozen.
func (m *Model[R]) Freeze(ctx context.Context, position int64) (Frozen, error) {
	for {
		generation, err := m.frozenAt(ctx, position)
		if err == nil && generation == 0 {
			generation, err = m.tryBegin(ctx, freezing, position)
		}
		if errors.Is(err, errTaken) {
			continue
		}
		if err != nil {
			return Frozen{}, fmt.Errorf("freeze %s: %w", m.projection.Name, err)
		}
		raise(m.requested)
		return m.Frozen(ctx, generation)
	}
}

// frozenAt finds the generation of a position and keeps it for longer; 0 if there is none and one may be begun.
func (m *Model[R]) frozenAt(ctx context.Context, position int64) (generation int64, err error) {
	var busy, kept int64
	err = m.db.Read.QueryRowContext(ctx, `
		SELECT coalesce(max(CASE WHEN events_total = $3 AND status IN ('freezing', 'frozen') THEN generation END), 0),
			coalesce(sum(CASE WHEN status = 'freezing' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN status = 'frozen' THEN 1 ELSE 0 END), 0)
		FROM generations WHERE projection = $1 AND code_version = $2`, m.projection.Name, m.projection.Version, position).
		Scan(&generation, &busy, &kept)
	switch {
	case err != nil:
		return 0, err
	case generation != 0:
		_, err = m.db.Write.ExecContext(ctx, `UPDATE consumers SET heartbeat_at = now_ms() WHERE name = $1`, consumerName(m.projection.Name, generation))
		return generation, err
	case busy > 0:
		return 0, ErrFreezeRunning
	case kept >= maxFrozen:
		return 0, ErrTooManyFrozen
	}
	return 0, nil
}

// Frozen tells how far a frozen generation is; ErrNotFound if it is not one, or was dropped.
func (m *Model[R]) Frozen(ctx context.Context, generation int64) (Frozen, error) {
	f := Frozen{Projection: m.projection.Name, Generation: generation}
	var started, heartbeat int64
	err := m.db.Read.QueryRowContext(ctx, `
		SELECT g.status, g.events_total, g.error, g.created_at, c.position, c.heartbeat_at FROM generations g
		JOIN consumers c ON c.name = g.projection || '.' || CAST(g.generation AS text)
		WHERE g.projection = $1 AND g.code_version = $2 AND g.generation = $3`, m.projection.Name, m.projection.Version, generation).
		Scan(&f.Status, &f.Position, &f.Error, &started, &f.EventsDone, &heartbeat)
	stands, known := map[string]string{freezing: Running, frozen: Done, frozenWrong: Failed}[f.Status]
	if errors.Is(err, sql.ErrNoRows) || err == nil && !known {
		return f, fmt.Errorf("frozen generation %d of %s: %w", generation, m.projection.Name, ErrNotFound)
	}
	if err != nil {
		return f, fmt.Errorf("frozen generation %d of %s: %w", generation, m.projection.Name, err)
	}
	f.Status, f.StartedAt = stands, time.UnixMilli(started).UTC()
	if f.Status != Running {
		f.ExpiresAt = time.UnixMilli(heartbeat).UTC().Add(FrozenFor)
	}
	return f, nil
}

// freeze fills a generation up to its position. What can not succeed is marked so; anything else goes on later.
func (m *Model[R]) freeze(ctx context.Context, generation int64) error {
	return m.attempt(ctx, generation, freezing, frozenWrong, func() error {
		b, err := m.resume(ctx, generation)
		if err != nil {
			return err
		}
		f, err := m.Frozen(ctx, generation)
		if err != nil {
			return err
		}
		told := m.filling(b, Progress{Projection: f.Projection, Generation: generation, EventsTotal: f.Position, StartedAt: f.StartedAt}, freezing)
		if err := b.fill(ctx, f.Position, told.page(ctx)); err != nil {
			return err
		}
		if b.at.Position != f.Position {
			return fmt.Errorf("%w: it ends before position %d", subscription.ErrDiverged, f.Position)
		}
		if err := m.index(ctx, generation); err != nil {
			return err
		}
		return m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
			if err := b.move(ctx, tx, b.at); err != nil { // still ours? The hour begins
				return err
			}
			return m.finish(ctx, tx, generation, freezing, frozen, "")
		})
	})
}

// thaw drops the frozen generations whose hour is over, and those that no program of their version goes on filling.
func (m *Model[R]) thaw(ctx context.Context) error {
	return m.dropAll(ctx, `
		SELECT g.generation, g.status FROM generations g
		JOIN consumers c ON c.name = g.projection || '.' || CAST(g.generation AS text)
		WHERE g.projection = $1 AND (g.status IN ('frozen', 'freezing failed') OR g.status = 'freezing' AND g.code_version <> $2)
			AND c.heartbeat_at < now_ms() - $3`, m.projection.Name, m.projection.Version, FrozenFor.Milliseconds())
}

// listFrozen reads a page of a frozen generation: ErrFreezing while it is being filled, ErrNotFound if it is not there any more.
func (m *Model[R]) listFrozen(ctx context.Context, query Query, from *cursor, page *Page[R]) error {
	now, err := m.list(ctx, query.Frozen, query, from, page)
	if err == nil && now == query.Frozen {
		return nil
	}
	f, missing := m.Frozen(ctx, query.Frozen)
	switch {
	case missing != nil:
		return missing
	case f.Status == Running:
		return fmt.Errorf("frozen generation %d of %s: %w", query.Frozen, m.projection.Name, ErrFreezing)
	case f.Status == Failed || err == nil:
		return fmt.Errorf("frozen generation %d of %s: %w", query.Frozen, m.projection.Name, ErrNotFound)
	}
	return err
}
