package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"
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
