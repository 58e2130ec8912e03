package subscription_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

func TestProjector_catchesUpAndFollows_everyRecordOnceInOrder(t *testing.T) {
	s := newShop(t)
	for i := range 20 {
		s.append(stream(i % 3))
	}
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet)
	start(t, c)
	waitFor(t, c, 20)
	for i := range 20 {
		s.append(stream(i%3), "stock-x")
	}
	waitFor(t, c, 60)
	seen := s.seen()
	slices.Sort(seen) // keys of one batch are grouped; each record comes once all the same
	require.Equal(t, upTo(60), seen)
}

func TestProjector_restart_goesOnFromItsCheckpoint(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	first := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet)
	stop := start(t, first)
	waitFor(t, first, 1)
	require.NoError(t, stop())
	s.append(stream(1))
	second := subscription.NewProjector(s.store, s.read, owner("b"), &recorder{name: "p"}, quiet)
	start(t, second)
	waitFor(t, second, 2)
	require.Equal(t, upTo(2), s.seen())
}

func TestProjector_neverSeesHalfACommand(t *testing.T) {
	s := newShop(t)
	for range 99 {
		s.append(stream(1), stream(1), stream(1), stream(1), stream(1), stream(1), stream(1)) // pages of 500 would cut one
	}
	long := make([]string, subscription.MaxBatch+200)
	for i := range long {
		long[i] = stream(2)
	}
	s.append(long...)
	s.append(stream(1))

	batches := make(chan []subscription.Work, 100)
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p", batches: batches}, quiet)
	start(t, c)
	waitFor(t, c, s.head())
	require.Equal(t, upTo(s.head()), s.seen())
	close(batches)
	whose := map[uuid.UUID]int{}
	n := 0
	for batch := range batches {
		n++
		for _, work := range batch {
			for _, d := range work.Deliveries {
				if before, ok := whose[d.CommandID]; ok {
					require.Equal(t, before, n, "command at position %d came in two batches", d.Position)
				}
				whose[d.CommandID] = n
			}
		}
	}
	require.Greater(t, n, 2)
}

// hostile is a feed that shuffles, doubles, drops and forges what it brings.
type hostile struct {
	shop *shop
	seed uint64
}

func (hostile) Name() string { return "hostile" }

func (h hostile) Run(ctx context.Context, _ string, _ eventstore.Checkpoint, deliver func(context.Context, subscription.Delivery) error) error {
	random := rand.New(rand.NewPCG(h.seed, 0))
	for ctx.Err() == nil {
		records, err := h.shop.store.Read(ctx, eventstore.Query{Limit: 1000})
		if err != nil {
			return err
		}
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		for _, record := range records[:len(records)/2] {
			d := subscription.Delivery{Record: record, LogID: h.shop.store.LogID(), CommandEnd: random.IntN(2) == 0, PreviousID: uuid.New()}
			switch random.IntN(4) {
			case 0:
				d.LogID = uuid.New() // another shop's
			case 1:
				d.Position += 1000 // not written yet
			}
			for range 1 + random.IntN(2) {
				if err := deliver(ctx, d); err != nil {
					return err
				}
			}
		}
	}
	return ctx.Err()
}

func TestProjector_hostileFeed_sameRowsAsTheLog(t *testing.T) {
	s := newShop(t)
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet,
		subscription.WithFeeds(hostile{s, 1}, hostile{s, 2}))
	start(t, c)
	for i := range 100 {
		s.append(stream(i%5), stream(i%7+10))
	}
	waitFor(t, c, 200)
	seen := s.seen()
	slices.Sort(seen)
	require.Equal(t, upTo(200), seen)
}

// once is a feed that brings what it is given, as a broker at its best would, and then is silent.
type once struct{ deliveries chan subscription.Delivery }

func (once) Name() string { return "once" }

func (o once) Run(ctx context.Context, _ string, _ eventstore.Checkpoint, deliver func(context.Context, subscription.Delivery) error) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d := <-o.deliveries:
			if err := deliver(ctx, d); err != nil {
				return err
			}
		}
	}
}

// A log and its checkpoints were restored, the times of batches were not: the consumer goes on over them.
func TestProjector_timesOfAPastThatIsGone_stopNobody(t *testing.T) {
	s := newShop(t)
	_, err := s.read.Write.Exec(`INSERT INTO progress (consumer, position, at) VALUES ('p', 1, 7)`)
	require.NoError(t, err)
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet)
	start(t, c)
	s.append("a-1")
	waitFor(t, c, 1)
	require.Equal(t, upTo(1), s.seen())
	require.Greater(t, s.count(`SELECT at FROM progress WHERE consumer = 'p' AND position = 1`), 7)
}

// concerned has work to do for one stream only.
type concerned struct{ *recorder }

func (concerned) Keys(record eventstore.Record) ([]string, error) {
	if record.Stream == "mine-1" {
		return []string{record.Stream}, nil
	}
	return nil, nil
}

// What concerns none of a consumer's keys moves its checkpoint later, or as soon as somebody waits for that.
func TestProjector_recordsThatConcernNobody_areStillPassed(t *testing.T) {
	s := newShop(t)
	c := subscription.NewProjector(s.store, s.read, owner("a"), concerned{&recorder{name: "p"}}, quiet)
	start(t, c)
	s.append("mine-1")
	waitFor(t, c, 1)
	s.append("other-1")
	waitFor(t, c, 2)
	s.append("other-1")
	require.Eventually(t, func() bool { return s.count(`SELECT position FROM consumers WHERE name = 'p'`) == 3 }, 5*time.Second, time.Millisecond,
		"nobody waits for it")
	s.append("other-1")
	s.append("mine-1")
	waitFor(t, c, 5)
	require.Equal(t, []int64{1, 5}, s.seen())
}

// A broker that outlived a log restored from a backup brings events that continue it and never happened.
func TestProjector_deliveryThatTheLogDoesNotHold_isNotApplied(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	feed := once{make(chan subscription.Delivery)}
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet, subscription.WithFeeds(feed))
	start(t, c)
	waitFor(t, c, 1)
	records, err := s.store.Read(t.Context(), eventstore.Query{Limit: 1})
	require.NoError(t, err)
	ghost := subscription.Delivery{Record: records[0], LogID: s.store.LogID(), PreviousID: records[0].EventID, CommandEnd: true}
	ghost.Position, ghost.Version, ghost.EventID = 2, 2, uuid.New()
	feed.deliveries <- ghost
	feed.deliveries <- ghost // taken when the first one is done with
	require.Equal(t, upTo(1), s.seen())
	s.append(stream(2)) // another event gets the position
	feed.deliveries <- ghost
	waitFor(t, c, 2)
	require.Equal(t, 1, s.count(`SELECT count(*) FROM seen WHERE position = 2 AND key = $1`, stream(2)))
}

func TestProjector_transientError_isTriedAgainInPlace(t *testing.T) {
	s := newShop(t)
	var tries atomic.Int32
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p", hook: func(subscription.Work) error {
		if tries.Add(1) < 3 {
			return errors.New("the database hiccups")
		}
		return nil
	}}, quiet)
	start(t, c)
	s.append(stream(1))
	waitFor(t, c, 1)
	require.Equal(t, upTo(1), s.seen())
	require.EqualValues(t, 3, tries.Load())
}

func TestProjector_poisonedKey_isParkedWithItsPositions_othersGoOn(t *testing.T) {
	s := newShop(t)
	poison := func(w subscription.Work) error {
		if w.Key == stream(1) {
			return subscription.Park(w.Key, errors.New("cannot fold"))
		}
		return nil
	}
	s.append(stream(1))
	s.append(stream(2))
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p", hook: poison}, quiet)
	stop := start(t, c)
	waitFor(t, c, 2)
	s.append(stream(1), stream(2))
	waitFor(t, c, 4)
	require.Equal(t, []int64{2, 4}, s.seen())
	require.Equal(t, 2, s.count(`SELECT count(*) FROM parked_positions WHERE consumer = 'p' AND key = $1`, stream(1)))

	h, err := subscription.Overview{s.read}.Handled(t.Context(), "p", 3)
	require.NoError(t, err)
	require.Equal(t, "parked", h.Status)
	require.Equal(t, "cannot fold", h.Error)
	h, err = subscription.Overview{s.read}.Handled(t.Context(), "p", 4)
	require.NoError(t, err)
	require.Equal(t, "handled", h.Status)
	require.False(t, h.At.IsZero())
	h, err = subscription.Overview{s.read}.Handled(t.Context(), "p", 5)
	require.NoError(t, err)
	require.Equal(t, "pending", h.Status)

	require.NoError(t, stop())
	again := subscription.NewProjector(s.store, s.read, owner("b"), &recorder{name: "p"}, quiet)
	start(t, again)
	s.append(stream(1))
	waitFor(t, again, 5)
	require.Equal(t, []int64{2, 4}, s.seen(), "a parked key stays parked over a restart")
}

func TestConsumer_unknownEvent_stopsLoudlyAndParksNothing(t *testing.T) {
	s := newShop(t)
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p", hook: func(subscription.Work) error {
		return errors.Join(subscription.ErrStop, errors.New("order.teleported is not known here"))
	}}, quiet)
	s.append(stream(1))
	err := c.Run(t.Context())
	require.ErrorIs(t, err, subscription.ErrStop)
	require.Zero(t, s.count(`SELECT count(*) FROM parked`))
	require.Zero(t, s.count(`SELECT position FROM consumers WHERE name = 'p'`))
	require.Zero(t, s.count(`SELECT lease_until FROM consumers WHERE name = 'p'`), "the lease is given up")
}

// Whatever is wrong about a checkpoint, its consumer stops before anybody is told that it is there, and leaves word of by how much.
func TestConsumer_checkpointThatIsNotInTheLog_divergedByHowMuch(t *testing.T) {
	other, another := uuid.NewString(), uuid.NewString()
	for name, c := range map[string]struct{ set, want string }{
		"the log is shorter":         {`position = 35`, "stands at position 35, the log ends at 1: it has 34 events less"},
		"another event stands there": {`event_id = '` + another + `'`, "event " + another + " stands at position 1, in the log it is event "},
		"another log":                {`log_id = '` + other + `'`, "stands at position 1 of log " + other + ", this is log "},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.append(stream(1))
			p := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet)
			stop := start(t, p)
			waitFor(t, p, 1)
			require.NoError(t, stop())
			_, err := s.read.Write.Exec(`UPDATE consumers SET ` + c.set)
			require.NoError(t, err)
			err = p.Run(t.Context())
			require.ErrorIs(t, err, subscription.ErrDiverged)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "a rebuild of the read model mends it")
			statuses, err := subscription.Overview{s.read}.Statuses(t.Context())
			require.NoError(t, err)
			require.Contains(t, statuses[0].Error, c.want)
		})
	}
}

func TestReactor_keysSideBySide_eachKeyInOrder(t *testing.T) {
	s := newShop(t)
	for i := range 200 {
		s.append(stream(i % 2))
	}
	var mu sync.Mutex
	got := map[string][]int64{}
	meet := make(chan struct{}) // both keys must be inside at once
	var met sync.WaitGroup
	met.Add(2)
	go func() { met.Wait(); close(meet) }()
	first := sync.Map{}
	c := subscription.NewReactor(s.store, s.log, owner("a"), reaction{"r", func(ctx context.Context, w subscription.Work) error {
		if _, before := first.LoadOrStore(w.Key, true); !before {
			met.Done()
			select {
			case <-meet:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, d := range w.Deliveries {
			got[w.Key] = append(got[w.Key], d.Position)
		}
		return nil
	}}, quiet)
	start(t, c)
	waitFor(t, c, 200)
	for _, positions := range got {
		require.Len(t, positions, 100)
		require.True(t, slices.IsSorted(positions))
	}
}

func TestReactor_sideBySide_isHowManyKeysAreWorkedOnAtOnce(t *testing.T) {
	s := newShop(t)
	const keys = 100
	var streams []string
	for i := range keys {
		streams = append(streams, stream(i))
	}
	s.append(streams...)
	var inside sync.WaitGroup
	inside.Add(keys)
	c := subscription.NewReactor(s.store, s.log, owner("a"), reaction{"r", func(context.Context, subscription.Work) error {
		inside.Done()
		inside.Wait() // for all the others
		return nil
	}}, quiet, subscription.SideBySide(keys))
	start(t, c)
	waitFor(t, c, keys)
}

func TestReactor_panicAndRefusal_parkTheKey_othersGoOn(t *testing.T) {
	s := newShop(t)
	for i := range 3 {
		s.append(stream(i))
	}
	c := subscription.NewReactor(s.store, s.log, owner("a"), reaction{"r", func(_ context.Context, w subscription.Work) error {
		switch w.Key {
		case stream(0):
			panic("cannot happen")
		case stream(1):
			return subscription.Park(w.Key, errors.New("no"))
		}
		return nil
	}}, quiet)
	start(t, c)
	waitFor(t, c, 3)
	statuses, err := subscription.Overview{s.log}.Statuses(t.Context())
	require.NoError(t, err)
	require.Len(t, statuses, 1)
	require.EqualValues(t, 2, statuses[0].Parked)
	require.EqualValues(t, 3, statuses[0].Position)
}

func TestReactor_fromHead_seesOnlyWhatComesAfterItsFirstStart(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	saw := make(chan int64, 10)
	r := reaction{"mail", func(_ context.Context, w subscription.Work) error {
		for _, d := range w.Deliveries {
			saw <- d.Position
		}
		return nil
	}}
	c := subscription.NewReactor(s.store, s.log, owner("a"), r, quiet, subscription.FromHead())
	stop := start(t, c)
	waitFor(t, c, 1)
	require.NoError(t, stop())
	s.append(stream(1)) // while it is down: this one counts
	c = subscription.NewReactor(s.store, s.log, owner("b"), r, quiet, subscription.FromHead())
	start(t, c)
	waitFor(t, c, 2)
	require.EqualValues(t, 2, <-saw)
	require.Empty(t, saw)
}

func TestReactor_fromHead_enrolled_seesWhatComesBeforeItRuns(t *testing.T) {
	s := newShop(t)
	s.append(stream(1))
	saw := make(chan int64, 10)
	r := reaction{"mail", func(_ context.Context, w subscription.Work) error {
		for _, d := range w.Deliveries {
			saw <- d.Position
		}
		return nil
	}}
	c := subscription.NewReactor(s.store, s.log, owner("a"), r, quiet, subscription.FromHead())
	require.NoError(t, c.Enrol(t.Context()))
	s.append(stream(1))
	require.NoError(t, c.Enrol(t.Context()), "again is nothing")
	start(t, c)
	waitFor(t, c, 2)
	require.EqualValues(t, 2, <-saw)
	require.Empty(t, saw)
}

func TestConsumer_waitFor_endsWithItsContext(t *testing.T) {
	s := newShop(t)
	c := subscription.NewProjector(s.store, s.read, owner("a"), &recorder{name: "p"}, quiet)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.WaitFor(ctx, 1), context.DeadlineExceeded)
}
