package subscription

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ordermill/eventstore"
)

// Owner is the process that wants to own consumers.
type Owner struct {
	ID string // unique to this run of this process
	// Sole says that no other process can be alive on this database (embedded: the operating system's lock on the data
	// folder proves it), so leases that a crashed run left behind are taken at once.
	Sole bool
	// TTL is how long a lease lives unless it is renewed, by the database's clock; 0 means DefaultTTL.
	TTL time.Duration
}

// DefaultTTL lets another process take over well within ten seconds after an owner died or froze.
const DefaultTTL = 5 * time.Second

// longestLease is more than any lease lives. One that would outlive it was written before the database's clock was set back, and
// would keep everybody out until the clock is there again.
const longestLease = time.Minute

func (o Owner) ttl() time.Duration {
	if o.TTL > 0 {
		return o.TTL
	}
	return DefaultTTL
}

// lease is the right to be the one active owner of a consumer. Every write made under it names its epoch.
type lease struct {
	db    *sql.DB
	name  string
	owner Owner
	epoch int64
}

// enrol makes the consumer's row if there is none yet, standing at start.
func enrol(ctx context.Context, db *sql.DB, name, kind string, start eventstore.Checkpoint) error {
	_, err := db.ExecContext(ctx, `
		INSERT INTO consumers (name, kind, log_id, position, event_id, epoch, owner, lease_until, heartbeat_at)
		VALUES ($1, $2, $3, $4, $5, 0, '', 0, 0) ON CONFLICT (name) DO NOTHING`,
		name, kind, start.LogID.String(), start.Position, start.EventID.String())
	return err
}

// tryAcquire takes the lease if it is free, expired, of a clock that was set back, or ours, and returns the checkpoint that stands beside it.
func tryAcquire(ctx context.Context, db *sql.DB, name string, owner Owner) (*lease, eventstore.Checkpoint, error) {
	l := &lease{db: db, name: name, owner: owner}
	var at eventstore.Checkpoint
	var logID, eventID string
	err := db.QueryRowContext(ctx, `
		UPDATE consumers SET owner = $2, epoch = epoch + 1, lease_until = now_ms() + $3, heartbeat_at = now_ms()
		WHERE name = $1 AND (owner = $2 OR lease_until < now_ms() OR lease_until > now_ms() + $5 OR $4)
		RETURNING epoch, log_id, position, event_id`,
		name, owner.ID, owner.ttl().Milliseconds(), owner.Sole, longestLease.Milliseconds()).Scan(&l.epoch, &logID, &at.Position, &eventID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, at, nil
	}
	if err != nil {
		return nil, at, err
	}
	if at, err = eventstore.ParseCheckpoint(logID, at.Position, eventID); err != nil {
		return nil, at, fmt.Errorf("%s: %w", name, err)
	}
	return l, at, nil
}

// keep renews the lease until ctx ends; it returns ErrLeaseLost when somebody else has it, or when the database has been
// out of reach for so long that somebody may.
func (l *lease) keep(ctx context.Context) error {
	ticker := time.NewTicker(l.owner.ttl() / 3)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		started := time.Now()
		// A renewal that waits (behind our own stuck transaction, say) must not come through after the lease has run out.
		inTime, cancel := context.WithDeadline(ctx, renewed.Add(l.owner.ttl()))
		result, err := l.db.ExecContext(inTime, `
			UPDATE consumers SET lease_until = now_ms() + $1, heartbeat_at = now_ms() WHERE name = $2 AND epoch = $3`,
			l.owner.ttl().Milliseconds(), l.name, l.epoch)
		cancel()
		if err == nil {
			if n, _ := result.RowsAffected(); n == 0 {
				return ErrLeaseLost
			}
			renewed = started
		} else if time.Since(renewed) >= l.owner.ttl() {
			return fmt.Errorf("%w: not renewed for %s: %w", ErrLeaseLost, l.owner.ttl(), err)
		}
	}
}

// release gives the lease up at once, so that the next owner need not wait for it to expire.
func (l *lease) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err := l.db.ExecContext(ctx, `UPDATE consumers SET owner = '', lease_until = 0 WHERE name = $1 AND epoch = $2`, l.name, l.epoch)
	return err
}

// while runs work under the lease; work's context ends when the lease is lost.
func (l *lease) while(ctx context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		cancel(l.keep(ctx))
	}()
	err := work(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrLeaseLost) {
		err = cause
	}
	cancel(nil)
	<-kept
	return errors.Join(err, l.release(ctx))
}

// Alone runs work in one process at a time among all that call it with the same name, again and again until ctx ends;
// work's context ends when the lease is lost. It is for a job that must have one owner but reads no log.
func Alone(ctx context.Context, db Database, owner Owner, name string, log *slog.Logger, work func(context.Context) error) {
	for ctx.Err() == nil {
		err := enrol(ctx, db.Write, name, "task", eventstore.Checkpoint{})
		if err == nil {
			var l *lease
			if l, _, err = tryAcquire(ctx, db.Write, name, owner); err == nil && l != nil {
				err = l.while(ctx, work)
			}
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("task interrupted, it goes on", "task", name, "error", err)
		}
		idle(ctx, leaseEvery)
	}
}
