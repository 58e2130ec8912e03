package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Progress is how far a rebuild or a rollback is, or how the last one ended.
type Progress struct {
	Projection  string
	Generation  int64
	Status      string // Running, Done, Failed, Cancelled
	EventsDone  int64
	EventsTotal int64         // the log's length: now while it runs, else when it ended
	PerSecond   int64         // events, over the last few seconds; 0: it stands still, or has just begun
	ETA         time.Duration // what is left takes so long at that speed; 0: not known, or nothing is left
	StartedAt   time.Time
	FinishedAt  time.Time // zero while it runs
	Error       string    // why it failed; while it runs, what it last stumbled over
}

// silent is how long a generation may be without a page before its last speed says nothing any more.
const silent = 5 * time.Second

// Progress tells of the rebuild or rollback that runs, in whichever process, or of the last one; ErrNotFound if there never was one.
func (m *Model[R]) Progress(ctx context.Context) (Progress, error) {
	p := Progress{Projection: m.projection.Name}
	head, err := m.store.Head(ctx)
	if err != nil {
		return p, fmt.Errorf("progress of %s: %w", m.projection.Name, err)
	}
	var started, finished int64
	err = m.db.Read.QueryRowContext(ctx, `
		SELECT g.generation, g.status, g.events_total, g.error, g.created_at, g.ended_at, coalesce(c.position, 0),
			CASE WHEN c.heartbeat_at >= now_ms() - $3 THEN g.rate ELSE 0 END
		FROM generations g
		LEFT JOIN consumers c ON c.name = g.projection || '.' || CAST(g.generation AS text)
		WHERE g.projection = $1 AND g.code_version = $2 AND g.status IN ('running', 'done', 'failed', 'cancelled')
		ORDER BY CASE WHEN g.status = 'running' THEN 0 ELSE 1 END, g.ended_at DESC, g.generation DESC LIMIT 1`,
		m.projection.Name, m.projection.Version, silent.Milliseconds()).
		Scan(&p.Generation, &p.Status, &p.EventsTotal, &p.Error, &started, &finished, &p.EventsDone, &p.PerSecond)
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("rebuild of %s: %w", m.projection.Name, ErrNotFound)
	}
	if err != nil {
		return p, fmt.Errorf("progress of %s: %w", m.projection.Name, err)
	}
	p.StartedAt = time.UnixMilli(started).UTC()
	if finished != 0 {
		p.FinishedAt = time.UnixMilli(finished).UTC()
	}
	switch p.Status {
	case Done: // its consumer goes on from there
		p.EventsDone = p.EventsTotal
	case Running:
		p.EventsTotal = max(p.EventsTotal, head.Position)
		p.ETA = eta(p.EventsTotal-p.EventsDone, p.PerSecond)
	}
	return p, nil
}

// eta is how long so many events take; 0 if that is not known, or nothing is left. It is rounded up to seconds.
func eta(left, perSecond int64) time.Duration {
	if left <= 0 || perSecond <= 0 {
		return 0
	}
	return time.Duration((left+perSecond-1)/perSecond) * time.Second
}

func (m *Model[R]) tellProgress(ctx context.Context, generation int64) {
	p, err := m.Progress(ctx)
	if err != nil || p.Generation != generation {
		return // the next page tells again
	}
	m.tell(p)
}
