package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

var signalChecks = []check{
	{"Signal_listen_endsWithItsContext", func(t T, log Log) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- log.Driver.Listen(ctx, func(int64) {}) }()
		cancel()
		select {
		case err := <-ended:
			require.Error(t, err)
		case <-time.After(soon):
			require.FailNow(t, "Listen goes on after its context has ended")
		}
	}},
	{"Signal_append_wakesWatchersHere", func(t T, log Log) {
		s := store(t, log.Driver)
		grown, stop := s.Watch()
		defer stop()
		must(t, s, writeOne("order-1", 0))
		select {
		case <-grown:
		case <-time.After(soon):
			require.FailNow(t, "nobody was woken")
		}
		require.Equal(t, int64(1), s.Known())
	}},
	{"Recent_whatThisProcessAppended_isWhatTheLogSays", func(t T, log Log) {
		s := store(t, log.Driver)
		require.Empty(t, s.Recent(0, 10), "nothing appended yet")
		for i := range int64(1200) {
			must(t, s, writeOne("order-1", i))
			if i%97 != 0 && i < 1199 {
				continue
			}
			for _, after := range []int64{0, max(0, i-300), max(0, i-1), i} {
				recent := s.Recent(after, 50)
				if len(recent) == 0 {
					require.Less(t, after, i-400, "the newest are at hand")
					continue
				}
				read, err := s.Read(t.Context(), eventstore.Query{After: after, Limit: 50})
				require.NoError(t, err)
				require.Equal(t, read, recent)
			}
			require.Empty(t, s.Recent(i+1, 50), "after the head")
		}
	}},
	{"Recent_afterAnotherProcessHasAppended_isNothing", func(t T, log Log) {
		if log.Twin == nil {
			t.Logf("one process owns this log")
			return
		}
		s, other := store(t, log.Driver), store(t, log.Twin(t))
		must(t, s, writeOne("order-1", 0))
		must(t, other, writeOne("order-2", 0))
		_, err := s.Head(t.Context()) // now it knows of the other's
		require.NoError(t, err)
		require.Empty(t, s.Recent(0, 10), "it would end before the head")
		must(t, s, writeOne("order-1", 1))
		require.Empty(t, s.Recent(0, 10), "the other's is missing in between")
		require.Len(t, s.Recent(2, 10), 1)
	}},
	{"Signal_append_wakesOtherProcesses", func(t T, log Log) {
		if log.Twin == nil {
			t.Logf("one process owns this log")
			return
		}
		heads := make(chan int64, 1000)
		other := log.Twin(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = other.Listen(ctx, func(head int64) { heads <- head })
		}()
		defer func() { cancel(); <-ended }()
		s := store(t, log.Driver)
		again := time.NewTicker(20 * time.Millisecond) // the first ones may come before the other listens
		defer again.Stop()
		deadline := time.After(soon)
		for i := int64(0); ; i++ {
			must(t, s, writeOne("order-1", i))
			select {
			case head := <-heads:
				require.Positive(t, head)
				require.LessOrEqual(t, head, i+1)
				return
			case <-again.C:
			case <-deadline:
				require.FailNow(t, "the other process was never woken")
			}
		}
	}},
	{"Signal_burst_isFewAndEndsWithTheNewest", func(t T, log Log) {
		if log.Twin == nil {
			return
		}
		heads := make(chan int64, 10_000)
		other := log.Twin(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = other.Listen(ctx, func(head int64) { heads <- head })
		}()
		defer func() { cancel(); <-ended }()
		deadline := time.After(soon)
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for listening := false; !listening; {
			log.Driver.Notify(ctx, 1)
			select {
			case <-heads:
				listening = true
			case <-again.C:
			case <-deadline:
				require.FailNow(t, "the other process was never woken")
			}
		}
		const burst = 1000
		for head := range int64(burst) {
			log.Driver.Notify(ctx, head+2)
		}
		for count := 1; ; count++ {
			select {
			case head := <-heads:
				require.Less(t, count, burst/2, "a burst is coalesced")
				if head == burst+1 {
					return
				}
			case <-deadline:
				require.FailNow(t, "the newest position was never told")
			}
		}
	}},
}
