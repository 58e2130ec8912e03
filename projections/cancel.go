package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// lookEvery bounds how long a rebuild goes on after another process has cancelled it.
const lookEvery = 250 * time.Millisecond

// underway is the rebuild that this process does, if it does one.
type underway struct {
	mu   sync.Mutex // held while one is cancelled, so that none is begun meanwhile
	stop context.CancelFunc
}

// Cancel ends the rebuild that runs, in whichever process, and returns when nothing of it is left but that it was. A rollback
// that is cancelled leaves the generation that it goes back to where it is, kept for another time. ErrNoRebuild if none runs;
// ErrFirstBuild if no generation is live yet: nothing could go on without it, and the next start would begin it again.
func (m *Model[R]) Cancel(ctx context.Context) error {
	s, err := m.standing(ctx)
	switch {
	case err != nil:
	case s.running == 0:
		err = ErrNoRebuild
	case s.live == 0:
		err = ErrFirstBuild
	default:
		err = m.cancel(ctx, s.running)
	}
	if err == nil {
		err = m.sweep(ctx)
	}
	if err != nil {
		return fmt.Errorf("cancel the rebuild of %s: %w", m.projection.Name, err)
	}
	m.log.Info("rebuild cancelled", "generation", s.running)
	return nil
}

// cancel writes that a generation is cancelled; whoever fills it finds it so, or fails to write. What is under way in this process
// is interrupted first: on SQLite its transaction would keep ours waiting.
func (m *Model[R]) cancel(ctx context.Context, generation int64) error {
	m.underway.mu.Lock()
	defer m.underway.mu.Unlock()
	if m.underway.stop != nil {
		m.underway.stop()
	}
	return m.inDurableTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE generations SET status = 'cancelled', error = '', ended_at = now_ms(), rate = 0
			WHERE projection = $1 AND generation = $2 AND status = 'running'`, m.projection.Name, generation)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrNoRebuild, err) // it has just ended
		}
		return nil
	})
}

// interruptible returns a context for filling a generation that ends when it is cancelled, here or elsewhere; done must be called.
func (m *Model[R]) interruptible(ctx context.Context, generation int64) (work context.Context, done func()) {
	m.underway.mu.Lock()
	defer m.underway.mu.Unlock()
	work, stop := context.WithCancel(ctx)
	m.underway.stop = stop
	var looking sync.WaitGroup
	looking.Go(func() {
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		for {
			select {
			case <-work.Done():
				return
			case <-look.C:
				if status, err := m.statusOf(work, generation); err == nil && status != Running {
					stop()
				}
			}
		}
	})
	return work, func() {
		m.underway.mu.Lock()
		m.underway.stop = nil
		m.underway.mu.Unlock()
		stop()
		looking.Wait()
	}
}

// sweep clears away what is left of cancelled generations; their rows stay, for Progress. A rollback that was cancelled has left a
// generation that is whole.
func (m *Model[R]) sweep(ctx context.Context) error {
	left, err := listed(ctx, m.db.Read, `
		SELECT g.generation, g.status FROM generations g
		JOIN consumers c ON c.name = g.projection || '.' || CAST(g.generation AS text)
		WHERE g.projection = $1 AND g.code_version = $2 AND g.status = 'cancelled' AND g.retired_at = 0`, m.projection.Name, m.projection.Version)
	if err != nil {
		return err
	}
	for _, g := range left {
		err := m.inTx(ctx, func(_ *sql.Conn, tx *sql.Tx) error { return m.empty(ctx, tx, g.number, g.status) })
		if err != nil && !errors.Is(err, errChanged) {
			return err
		}
	}
	return nil
}
