package subscription_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
)

func (s *shop) position(consumer string) (position int64) {
	require.NoError(s.t, s.log.Read.QueryRow(`SELECT position FROM consumers WHERE name = $1`, consumer).Scan(&position))
	return position
}

func TestStop_theBatchInHandIsFinished_andNotDoneAgain(t *testing.T) {
	s := newShop(t)
	s.append(stream(1), stream(2))
	var tries atomic.Int32
	working, finish := make(chan struct{}, 2), make(chan struct{})
	r := reaction{"r", func(ctx context.Context, _ subscription.Work) error {
		tries.Add(1)
		working <- struct{}{}
		<-finish
		return ctx.Err()
	}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	first := subscription.NewReactor(s.store, s.log, owner("a"), r, quiet)
	go func() { ended <- first.Run(ctx) }()
	<-working
	<-working
	stop()
	close(finish)
	require.NoError(t, <-ended)
	require.EqualValues(t, 2, s.position("r"))
	statuses, err := subscription.Overview{s.log}.Statuses(t.Context())
	require.NoError(t, err)
	require.Empty(t, statuses[0].Owner)
	require.Zero(t, statuses[0].LeaseUntil, "the lease is given up")
	start(t, subscription.NewReactor(s.store, s.log, owner("b"), r, quiet))
	s.append(stream(3))
	<-working
	require.EqualValues(t, 3, tries.Load())
}

func TestStop_workThatDoesNotEnd_isCutOff(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	working := make(chan struct{})
	stop := start(t, subscription.NewReactor(s.store, s.log, owner("a"), reaction{"r", func(ctx context.Context, _ subscription.Work) error {
		close(working)
		<-ctx.Done()
		return ctx.Err()
	}}, quiet))
	<-working
	begun := time.Now()
	require.NoError(t, stop())
	require.Less(t, time.Since(begun), 5*time.Second)
	require.Zero(t, s.position("r"))
}

func TestStop_whatFails_isNotTriedAgain(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	failed := make(chan struct{}, 100)
	stop := start(t, subscription.NewReactor(s.store, s.log, owner("a"), reaction{"r", func(context.Context, subscription.Work) error {
		failed <- struct{}{}
		return errors.New("the broker is away")
	}}, quiet))
	for range 4 { // the pause is 0.8 s at least by now
		<-failed
	}
	begun := time.Now()
	require.NoError(t, stop())
	require.Less(t, time.Since(begun), time.Second, "it sat out a pause, or its grace")
	require.Empty(t, failed)
}

func TestOutlive_leaseLost_endsAtOnce(t *testing.T) {
	tenure, lose := context.WithCancelCause(t.Context())
	work, finished := subscription.Outlive(tenure, time.Hour)
	defer finished()
	lose(subscription.ErrLeaseLost)
	<-work.Done()
	require.ErrorIs(t, context.Cause(work), subscription.ErrLeaseLost)
}
