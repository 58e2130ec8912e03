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
	for got := false; !got; {
		names.Send(t, []byte("1"))
		select {
		case <-mail.letters:
			mail.answers <- nil
			got = true
		case <-time.After(50 * time.Millisecond):
		}
	}
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
	closed := make(chan error, 1)
	go func() {
		c.stop()
		closed <- transport.Close()
	}()
	select {
	case <-closed:
	case <-time.After(messaging.ConfirmTimeout):
		t.Error("the end hangs with the broker")
	}
	broker.Thaw()
	require.Error(t, err)
	require.Less(t, took, 5*time.Second)

	transport = open(t, names)
	publishUntilConfirmed(t, transport, records)
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

// Disturb connects a consumer, lets somebody damage what the broker holds, and checks that the same transport brings
// the consumer the records that come after.
func Disturb(t testing.TB, transport messaging.Transport, damage func()) {
	t.Helper()
	log := NewLog()
	c := newConsumer("orders", log)
	c.start(t, transport)
	defer c.stop()
	c.connect(t, transport, log.Append(1)[0])
	damage()
	for range 3 {
		publishUntilConfirmed(t, transport, log.Append(5))
	}
	c.connect(t, transport, log.Append(1)[0])
	c.verify(t)
}
