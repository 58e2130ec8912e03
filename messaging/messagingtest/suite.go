package messagingtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// Run checks what every transport promises. It needs no fault, so it may run under the race detector.
func Run(t *testing.T, target Target) {
	for name, rule := range rules(target) {
		t.Run(name, func(t *testing.T) { rule(t, target) })
	}
}

func rules(target Target) map[string]func(testing.TB, Target) {
	rules := map[string]func(testing.TB, Target){
		"Publish_nothing_isNothing":          publishNothing,
		"Feed_keepsOrderAndBytes":            keepsOrderAndBytes,
		"Feed_doubles_appliedOnce":           doublesAppliedOnce,
		"Feed_restart_continuesAtCheckpoint": restartContinues,
		"Feed_manyConsumers_eachGetsAll":     manyConsumers,
		"Feed_slowConsumer_holdsNobodyUp":    slowConsumer,
		"Feed_deliverFails_endsWithItsError": deliverFails,
		"Feed_deliverPanics_ends":            deliverPanics,
		"Feed_ends_duringDelivery":           endsDuringDelivery,
	}
	if target.Outside {
		rules["Feed_foreignMessages_ignored"] = foreignMessages
		rules["Publish_nil_meansKept"] = nilMeansKept
	}
	if target.Letters {
		rules["Inbox_failure_sameLetterAgain_orderKept"] = failureSameLetterAgain
		rules["Inbox_restart_continues_orderKept"] = restartKeepsLetters
		rules["Inbox_anyBytes_handedOn"] = anyBytesHandedOn
		rules["Inbox_letterUnderWay_endsOnce"] = letterUnderWay
	}
	return rules
}

func open(t testing.TB, names Names) messaging.Transport {
	t.Helper()
	transport := names.Open(t)
	t.Cleanup(func() {
		require.NoError(t, transport.Close())
		require.NoError(t, transport.Close(), "closing again")
	})
	return transport
}

func publishNothing(t testing.TB, target Target) {
	require.NoError(t, open(t, target.Fresh(t)).Publisher().Publish(messaging.TopicEvents))
}

func keepsOrderAndBytes(t testing.TB, target Target) {
	transport, log := open(t, target.Fresh(t)), NewLog()
	c := newConsumer("orders", log)
	first := log.Append(1)
	c.start(t, transport)
	c.connect(t, transport, first[0])
	for range 3 {
		publish(t, transport, log.Append(300)) // more than the window of confirms
	}
	c.awaitRecord(t, log.head())
	c.verify(t)
	c.ascending(t)
}

func doublesAppliedOnce(t testing.TB, target Target) {
	transport, log := open(t, target.Fresh(t)), NewLog()
	c := newConsumer("orders", log)
	first := log.Append(1)
	c.start(t, transport)
	c.connect(t, transport, first[0])
	batch := log.Append(50)
	publish(t, transport, batch)
	publish(t, transport, batch[25:])
	publish(t, transport, batch)
	publish(t, transport, log.Append(1))
	c.awaitRecord(t, log.head())
	c.verify(t)
}

func restartContinues(t testing.TB, target Target) {
	names, log := target.Fresh(t), NewLog()
	transport := open(t, names)
	c := newConsumer("orders", log)
	first := log.Append(1)
	c.start(t, transport)
	c.connect(t, transport, first[0])
	publish(t, transport, log.Append(10))
	c.verify(t)
	c.stop()
	require.NoError(t, transport.Close())

	transport = open(t, names)
	publish(t, transport, log.Append(10))
	c.mu.Lock()
	c.arrived = nil
	c.mu.Unlock()
	c.start(t, transport)
	next := log.Append(1)
	c.connect(t, transport, next[0])
	c.verify(t)
	if target.Replays {
		c.ascending(t)
		require.EqualValues(t, 12, c.arrived[0], "the first that arrives is the one after the checkpoint")
	}
}

func manyConsumers(t testing.TB, target Target) {
	transport, log := open(t, target.Fresh(t)), NewLog()
	consumers := make([]*consumer, 8)
	first := log.Append(1)
	for i := range consumers {
		consumers[i] = newConsumer(fmt.Sprintf("consumer-%d", i), log)
		consumers[i].start(t, transport)
		consumers[i].connect(t, transport, first[0])
	}
	publish(t, transport, log.Append(100))
	for _, c := range consumers {
		c.awaitRecord(t, log.head())
		c.verify(t)
		c.ascending(t)
	}
}

func slowConsumer(t testing.TB, target Target) {
	transport, log := open(t, target.Fresh(t)), NewLog()
	quick, slow := newConsumer("quick", log), newConsumer("slow", log)
	first := log.Append(1)
	for _, c := range []*consumer{quick, slow} {
		c.start(t, transport)
		c.connect(t, transport, first[0])
		c.stop()
	}
	slow.hold = make(chan struct{})
	slow.start(t, transport)
	quick.start(t, transport)
	next := log.Append(1)
	quick.connect(t, transport, next[0])
	for range 6 {
		publish(t, transport, log.Append(500)) // more than any of our queues holds
	}
	quick.verify(t)
	close(slow.hold)
	next = log.Append(1)
	slow.connect(t, transport, next[0])
	slow.verify(t)
}

func deliverFails(t testing.TB, target Target) {
	runUntil(t, target, func(err, cause error) { require.ErrorIs(t, err, cause) },
		func(cause error) error { return cause })
}

func deliverPanics(t testing.TB, target Target) {
	runUntil(t, target, func(err, _ error) { require.ErrorContains(t, err, "panic") },
		func(cause error) error { panic(cause) })
}

// runUntil runs a feed whose deliver fails, and checks that Run returns then and not before.
func runUntil(t testing.TB, target Target, check func(err, cause error), fail func(error) error) {
	transport, log := open(t, target.Fresh(t)), NewLog()
	records := log.Append(1)
	cause := errors.New("the consumer cannot go on")
	calls := 0
	ended := make(chan error, 1)
	go func() {
		ended <- transport.Feed().Run(t.Context(), "orders", eventstore.Checkpoint{LogID: log.id},
			func(context.Context, subscription.Delivery) error { calls++; return fail(cause) })
	}()
	for deadline := time.Now().Add(patience); ; {
		publish(t, transport, records)
		select {
		case err := <-ended:
			check(err, cause)
			require.Equal(t, 1, calls, "a refused record must not be brought again by the same run")
			return
		case <-time.After(50 * time.Millisecond):
			require.True(t, time.Now().Before(deadline), "Run never returned")
		}
	}
}

func endsDuringDelivery(t testing.TB, target Target) {
	transport, log := open(t, target.Fresh(t)), NewLog()
	records := log.Append(1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- transport.Feed().Run(ctx, "orders", eventstore.Checkpoint{LogID: log.id},
			func(ctx context.Context, _ subscription.Delivery) error {
				cancel()
				<-ctx.Done()
				return ctx.Err()
			})
	}()
	for {
		publish(t, transport, records)
		select {
		case err := <-ended:
			require.ErrorIs(t, err, context.Canceled)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func foreignMessages(t testing.TB, target Target) {
	names, log := target.Fresh(t), NewLog()
	transport := open(t, names)
	c := newConsumer("orders", log)
	first := log.Append(1)
	c.start(t, transport)
	c.connect(t, transport, first[0])
	for range 3 {
		for _, junk := range [][]byte{nil, []byte("\xff\x00 no JSON"), []byte("{}"), []byte(`{"specversion":"1.0","id":7}`)} {
			names.Inject(t, junk)
		}
		records := log.Append(20)
		require.Eventually(t, func() bool { return tryPublish(t.Context(), transport, records) == nil }, patience, 10*time.Millisecond)
	}
	next := log.Append(1)
	c.connect(t, transport, next[0])
	c.verify(t)
	require.Positive(t, transport.Feed().(interface{ Foreign() int64 }).Foreign())
}

func nilMeansKept(t testing.TB, target Target) {
	names, log := target.Fresh(t), NewLog()
	transport := open(t, names)
	publish(t, transport, log.Append(1))
	kept := names.Keep(t)
	publish(t, transport, log.Append(700))
	require.Equal(t, upTo(2, 701), slices.DeleteFunc(kept(), func(position int64) bool { return position < 2 }))
}

func upTo(from, to int64) (positions []int64) {
	for position := from; position <= to; position++ {
		positions = append(positions, position)
	}
	return positions
}
