package postgres

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pace is the least time between two signals: NOTIFY takes a lock over the whole cluster at commit, so many appends share one.
const pace = 10 * time.Millisecond

// signals tells other processes that the log has grown. They are hints: readers poll as well.
type signals struct {
	pool    *pgxpool.Pool
	channel string
	head    atomic.Int64
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
}

func startSignals(pool *pgxpool.Pool, channel string) *signals {
	ctx, cancel := context.WithCancel(context.Background())
	s := &signals{pool: pool, channel: channel, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go s.run(ctx)
	return s
}

func (s *signals) stop() {
	s.cancel()
	<-s.done
}

func (s *signals) run(ctx context.Context) {
	defer close(s.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		_, _ = s.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, s.channel, strconv.FormatInt(s.head.Load(), 10)) // a hint; lost ones are polled for
		select {
		case <-ctx.Done():
			return
		case <-time.After(pace):
		}
	}
}

// Notify leaves the newest head to be sent and returns at once.
func (d *logDriver) Notify(_ context.Context, head int64) {
	d.signals.head.Store(head)
	select {
	case d.signals.wake <- struct{}{}:
	default: // one is waiting already and will carry this head
	}
}

// Listen holds a connection of its own until ctx ends or the connection breaks.
func (d *logDriver) Listen(ctx context.Context, woken func(head int64)) error {
	conn, err := pgx.ConnectConfig(ctx, d.reads.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, `LISTEN `+pgx.Identifier{d.signals.channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for {
		signal, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		if head, err := strconv.ParseInt(signal.Payload, 10, 64); err == nil {
			woken(head)
		}
	}
}
