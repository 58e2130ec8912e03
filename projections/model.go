package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// Errors that callers match with errors.Is.
var (
	// ErrRebuildRunning: this projection is being rebuilt already, here or in another process.
	ErrRebuildRunning = errors.New("a rebuild of this projection is running")
	// ErrNoRebuild: no rebuild or rollback of this projection is running.
	ErrNoRebuild = errors.New("no rebuild of this projection is running")
	// ErrFirstBuild: the generation that is being built is the first, so there is nothing that could go on without it.
	ErrFirstBuild = errors.New("the first build of a read model cannot be cancelled")
	// ErrNothingKept: no generation that was live before is kept.
	ErrNothingKept = errors.New("no earlier generation of this projection is kept")
	// ErrNotReady: the first generation is still being built.
	ErrNotReady = errors.New("the read model is being built for the first time")
	// ErrNotFound: the read model shows no row with this key.
	ErrNotFound = errors.New("no such row")
	// ErrParked: an event of this key could not be folded, so what its row says may be old.
	ErrParked = errors.New("the key is parked")
	// ErrBadCursor: a cursor that did not come from this list.
	ErrBadCursor = errors.New("the cursor does not belong to this list")
	// ErrUnknownProjection: no projection has this name.
	ErrUnknownProjection = errors.New("no such projection")
)

// pollEvery bounds how late a process notices what another one did.
const pollEvery = time.Second

// defaultPage is how many events a build folds in one transaction.
const defaultPage = eventstore.MaxPage

// Model runs one projection on one log and one database. It is safe for many goroutines.
type Model[R any] struct {
	projection Projection[R]
	store      *eventstore.Store
	db         subscription.Database
	owner      subscription.Owner
	log        *slog.Logger
	dialect    dialect
	pageSize   int
	tell       func(Progress)
	keep       time.Duration

	requested chan struct{} // a rebuild was asked for in this process
	flipped   chan struct{} // the pointer was moved in this process
	verifies  chan struct{} // holds a value while one runs
	known     atomic.Int64  // the live generation as last seen; 0: not seen yet
	underway  underway

	mu       sync.Mutex
	consumer *subscription.Consumer // of the live generation; nil until there is one
	stopped  error                  // why it stopped; nil while it runs
}

// Option changes how a Model is run.
type Option func(*options)

type options struct {
	log      *slog.Logger
	tell     func(Progress)
	pageSize int
	keep     time.Duration
}

// WithLogger sets where the model tells what it does.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithProgress is told of every page of a rebuild or of a frozen generation that is filled in this process, and of a rebuild's end.
func WithProgress(tell func(Progress)) Option { return func(o *options) { o.tell = tell } }

// WithPageSize sets how many events a rebuild folds in one transaction, 1..eventstore.MaxPage.
func WithPageSize(events int) Option { return func(o *options) { o.pageSize = events } }

// WithKept sets how long the generation that was live before this one is kept, so that Rollback can go back to it; KeptFor by
// default. It is there for a minute at least, for queries that have begun on it.
func WithKept(keep time.Duration) Option { return func(o *options) { o.keep = keep } }

// New makes the model of a projection whose rows live in db. owner is this process.
func New[R any](p Projection[R], store *eventstore.Store, db subscription.Database, owner subscription.Owner, opts ...Option) *Model[R] {
	o := options{log: slog.Default(), tell: func(Progress) {}, pageSize: defaultPage, keep: KeptFor}
	for _, option := range opts {
		option(&o)
	}
	return &Model[R]{
		projection: p, store: store, db: db, owner: owner, log: o.log.With("projection", p.Name), dialect: dialectOf(db.Write),
		pageSize: o.pageSize, tell: o.tell, keep: o.keep, requested: make(chan struct{}, 1), flipped: make(chan struct{}, 1),
		verifies: make(chan struct{}, 1),
	}
}

// Name is the projection's name.
func (m *Model[R]) Name() string { return m.projection.Name }

// Run builds the first generation if there is none, keeps the live one up to date, and does the rebuilds that anybody asks
// for, until ctx ends. Of many processes one follows and one rebuilds. The options are the consumer's, such as its feeds.
//
// A consumer that must stop (an unknown event type, a log that diverged) is reported by Status; the next generation starts anew.
func (m *Model[R]) Run(ctx context.Context, options ...subscription.Option) {
	var running sync.WaitGroup
	running.Go(func() { m.follow(ctx, append([]subscription.Option{subscription.WithLogger(m.log)}, options...)) })
	running.Go(func() {
		subscription.Alone(ctx, m.db, m.owner, m.builderName(), m.log, m.rebuildOnRequest)
	})
	running.Wait()
}

// builderName is the task of building generations: one process does it, and versions of the code wait for nobody.
func (m *Model[R]) builderName() string { return builderName(m.projection.Name, m.projection.Version) }

func builderName(projection string, version int64) string {
	return fmt.Sprintf("rebuild:%s/%d", projection, version)
}

// follow runs the live generation's consumer, and changes over whenever the pointer moves.
func (m *Model[R]) follow(ctx context.Context, options []subscription.Option) {
	for ctx.Err() == nil {
		generation, projector, err := m.Live(ctx)
		if err != nil {
			if !errors.Is(err, ErrNotReady) && ctx.Err() == nil {
				m.log.Warn("live generation not known, asking again", "error", err)
			}
			wake(ctx, m.flipped)
			continue
		}
		consumer := subscription.NewProjector(m.store, m.db, m.owner, projector, options...)
		m.following(consumer, nil)
		child, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() {
			if err := consumer.Run(child); err != nil {
				m.following(consumer, err)
			}
		})
		m.untilFlipped(ctx, generation)
		stop()
		running.Wait()
	}
}

// untilFlipped returns when another generation is live or ctx ends.
func (m *Model[R]) untilFlipped(ctx context.Context, generation int64) {
	for ctx.Err() == nil {
		wake(ctx, m.flipped)
		if s, err := m.standing(ctx); err == nil && s.live != generation {
			return
		}
	}
}

func (m *Model[R]) following(c *subscription.Consumer, stopped error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.consumer, m.stopped = c, stopped
}

// WaitFor returns once the rows that queries read hold everything up to position, in whichever process they are kept; or ctx's
// error.
func (m *Model[R]) WaitFor(ctx context.Context, position int64) error {
	for {
		m.mu.Lock()
		consumer := m.consumer
		m.mu.Unlock()
		if consumer != nil {
			wait, stop := context.WithTimeout(ctx, pollEvery) // a flip puts another consumer in its place
			err := consumer.WaitFor(wait, position)
			stop()
			if err == nil || ctx.Err() != nil {
				return err
			}
			continue
		}
		if _, at, err := m.livePosition(ctx, m.db.Read); err == nil && at >= position {
			return nil
		}
		timer := time.NewTimer(pollEvery / 20)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// wake waits for a signal, for as long as another process's doings may stay unnoticed, or for ctx's end.
func wake(ctx context.Context, signal <-chan struct{}) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-signal:
	case <-timer.C:
	}
}

// raise sends a signal unless one is waiting already.
func raise(signal chan<- struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// Live returns the generation that queries read, and the projector that keeps it up to date; ErrNotReady while there is none.
func (m *Model[R]) Live(ctx context.Context) (int64, subscription.Projector, error) {
	s, err := m.standing(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("live generation of %s: %w", m.projection.Name, err)
	}
	m.known.Store(s.live)
	if s.live == 0 {
		return 0, nil, fmt.Errorf("%s: %w", m.projection.Name, ErrNotReady)
	}
	return s.live, &live[R]{m, s.live, m.projection.table(s.live)}, nil
}
