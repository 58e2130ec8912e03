package messagingtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// RunFaults checks what a transport promises while its broker is away, dies or hangs. Do not run it under the race
// detector: Watermill's AMQP subscriber has a race in its reconnect.
func RunFaults(t *testing.T, target Target, broker Broker) {
	t.Run("Broker_absentAtStart_worksLater", func(t *testing.T) { absentAtStart(t, target, broker) })
	t.Run("Broker_killed_nothingConfirmedIsLost", func(t *testing.T) { killed(t, target, broker) })
	t.Run("Broker_hangs_PublishAndCloseEndInTime", func(t *testing.T) { hangs(t, target, broker) })
	t.Run("Broker_killed_lettersStay", func(t *testing.T) { lettersStay(t, target, broker) })
	t.Run("Broker_full_onlyPublishingWaits", func(t *testing.T) { full(t, target) })
	for what, damage := range target.Damages {
		t.Run("Damage_"+what+"_recovers", func(t *testing.T) { damaged(t, target, damage) })
	}
}

// publishUntilConfirmed sends a batch again and again, as the runtime makes the relay do.
func publishUntilConfirmed(t testing.TB, transport messaging.Transport, records []subscription.Delivery) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := tryPublish(t.Context(), transport, records)
		if err == nil {
			return
		}
		require.True(t, time.Now().Before(deadline), "still fails: %v", err)
	}
}

func absentAtStart(t testing.TB, target Target, broker Broker) {
	names, log := target.Fresh(t), NewLog()
	broker.Kill()
	transport := open(t, names)
	c := newConsumer("orders", log)
	c.start(t, transport)
	mail := startMailman(t, transport)
	records := log.Append(10)
	require.Error(t, tryPublish(t.Context(), transport, records))

	broker.Restart()
	publishUntilConfirmed(t, transport, records)
	c.connect(t, transport, log.Append(1)[0])
	c.verify(t)
	mail.connect(t, names)
}

func killed(t testing.TB, target Target, broker Broker) {
	names, log := target.Fresh(t), NewLog()
	transport := open(t, names)
	c := newConsumer("orders", log)
	first := log.Append(1)
	c.start(t, transport)
	c.connect(t, transport, first[0])
	kept := names.Keep(t)

	published := make(chan struct{}, 40)
	go func() {
		defer close(published)
		for range cap(published) {
			publishUntilConfirmed(t, transport, log.Append(100))
			published <- struct{}{}
		}
	}()
	for range 10 {
		<-published
	}
	broker.Kill()
	broker.Restart()
	for range published {
	}
	positions := kept()
	slices.Sort(positions)
	positions = slices.DeleteFunc(slices.Compact(positions), func(position int64) bool { return position < 2 })
	require.Equal(t, upTo(2, log.head()), positions, "every confirmed record is kept")
	c.connect(t, transport, log.Append(1)[0])
	c.verify(t)
}

func hangs(t testing.TB, target Target, broker Broker) {
	names, log := target.Fresh(t), NewLog()
	transport := open(t, names)
	c := newConsumer("orders", log)
	c.start(t, transport)
	c.connect(t, transport, log.Append(1)[0])
	records := log.Append(300)
	broker.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	err := tryPublish(ctx, transport, records)
	took := time.Since(began)
	ended := endsInTime(func() { c.stop(); transport.Close() })
	broker.Thaw()
	require.Error(t, err)
	require.Less(t, took, 5*time.Second)
	require.True(t, ended, "the end hangs with the broker")

	transport = open(t, names)
	publishUntilConfirmed(t, transport, records)
}

// endsInTime reports whether end returns before a program that is stopped would be cut off.
func endsInTime(end func()) bool {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		end()
	}()
	select {
	case <-ended:
		return true
	case <-time.After(messaging.ConfirmTimeout):
		return false
	}
}

func lettersStay(t testing.TB, target Target, broker Broker) {
	names := target.Fresh(t)
	_, m := openInbox(t, names)
	broker.Stop() // RabbitMQ 3.10 loses the leader of a quorum queue for good if it is killed within seconds of the declaration
	broker.Restart()
	for _, body := range []string{"1", "2", "3"} {
		names.Send(t, []byte(body))
	}
	require.Equal(t, "1", string(m.skipProbes(t).Body))
	broker.Kill()
	broker.Restart()
	m.answers <- nil // committed; the broker may or may not hear of it
	letter := m.look(t)
	if string(letter.Body) == "1" {
		m.answers <- nil
		letter = m.look(t)
	}
	require.Equal(t, "2", string(letter.Body))
	m.answers <- nil
	m.expect(t, nil, "3")
	m.stop(t)
}

// full fills the broker's memory while a letter is under way and records wait to be published.
func full(t testing.TB, target Target) {
	names, log := target.Fresh(t), NewLog()
	transport, mail := openInbox(t, names)
	c := newConsumer("orders", log)
	c.start(t, transport)
	c.connect(t, transport, log.Append(1)[0])
	for _, body := range []string{"1", "2", "3"} {
		names.Send(t, []byte(body))
	}
	require.Equal(t, "1", string(mail.skipProbes(t).Body))
	records := log.Append(300)

	relieve := target.Full(t)
	defer relieve()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	require.Error(t, tryPublish(ctx, transport, records))
	require.Less(t, time.Since(began), 5*time.Second)
	mail.answers <- nil
	mail.expect(t, nil, "2")
	mail.expect(t, nil, "3")

	stuck := make(chan error, 1) // what a program that is stopped has under way
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	go func() { stuck <- tryPublish(ctx, transport, records) }()
	require.True(t, endsInTime(func() {
		cancel()
		<-stuck
		mail.stop(t)
		c.stop()
		transport.Close()
	}), "a full broker keeps a program from ending")

	transport = open(t, names) // and not from starting
	c.start(t, transport)
	startMailman(t, transport)
	require.Error(t, tryPublish(t.Context(), transport, records))
	relieve()
	publishUntilConfirmed(t, transport, records)
	c.connect(t, transport, log.Append(1)[0])
	c.verify(t)
}

// damaged damages what the broker holds under a running transport, which must then bring what comes after.
func damaged(t testing.TB, target Target, damage func(testing.TB, Names)) {
	names, log := target.Fresh(t), NewLog()
	transport, mail := openInbox(t, names)
	c := newConsumer("orders", log)
	c.start(t, transport)
	c.connect(t, transport, log.Append(1)[0])
	damage(t, names)
	for range 3 {
		publishUntilConfirmed(t, transport, log.Append(5))
	}
	c.connect(t, transport, log.Append(1)[0])
	c.verify(t)
	mail.connect(t, names)
	mail.stop(t)
}
