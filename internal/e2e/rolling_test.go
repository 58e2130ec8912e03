package e2e_test

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

func TestRollingRestart_underLoad_nobodyElseFails_nothingHappensTwice(t *testing.T) {
	shared := newCluster(t)
	copies := []*process{shared.copy().ready()}
	heard := listen(t, shared.amqp) // the first copy has made the exchange
	copies = append(copies, shared.copy().ready(), shared.copy().ready())
	copies[0].stocked("TOY", 1_000_000)
	street := newStreet(copies[0].Client, copies[1].Client, copies[2].Client)
	buying := street.buyers(t, 8, nothing)
	for range torture(1, 5) {
		for i, old := range copies {
			buying.acknowledged(20)
			held := owned(&old.shop)
			street.close(i)
			asked := time.Now()
			old.terminate()
			require.Zero(t, old.cmd.ProcessState.ExitCode(), "%s", old.log)
			t.Logf("copy %d stopped after %v", i, time.Since(asked))
			require.NoError(t, held)
			other := copies[(i+1)%len(copies)]
			within(t, atOnce, func() error { return owned(&other.shop) })
			copies[i] = shared.copy().ready()
			street.reopen(i, copies[i].Client)
		}
	}
	buying.acknowledged(20)
	errands := buying.stop()
	buying.patient()
	settled(t, &copies[0].shop, errands)
	head := copies[0].head()
	eventually(t, func() error { return heard.upTo(head) })
	require.Zero(t, heard.again(), "events were published twice")
}

// atOnce is how soon another copy owns what one that stops in good order gives up; a lease that runs out takes longer.
const atOnce = 3 * time.Second

// head is the log's last position.
func (s *shop) head() int64 {
	log := events(s.t, s.Client)
	return log[len(log)-1].Position
}

func TestSecondSignal_endsACopyAtOnce(t *testing.T) {
	t.Parallel()
	p := launch(t, "serve", "--insecure", "--migrate", "--store", "sqlite://"+t.TempDir(), "--drain", "1m").ready()
	p.signal(syscall.SIGTERM)
	eventually(t, func() error {
		if p.Ready(t.Context()) == nil {
			return fmt.Errorf("it is ready still")
		}
		return nil
	})
	answer, err := http.Get(p.url + "/v1/orders")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, "it drains: requests are served")
	p.signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(atOnce):
		require.Fail(t, "it did not end")
	}
	require.Equal(t, "signal: terminated", p.cmd.ProcessState.String())
}

// listener is an outside program that binds a queue of its own and counts what it gets.
type listener struct {
	t       *testing.T
	channel *amqp091.Channel
	queue   string
	times   map[string]int // by message id, which is the event's
}

func listen(t *testing.T, url string) *listener {
	t.Helper()
	conn, err := amqp091.Dial(url)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	channel, err := conn.Channel()
	require.NoError(t, err)
	queue, err := channel.QueueDeclare("", false, false, true, false, nil)
	require.NoError(t, err)
	require.NoError(t, channel.QueueBind(queue.Name, "#", "ordermill.events", false, nil))
	return &listener{t: t, channel: channel, queue: queue.Name, times: map[string]int{}}
}

// upTo takes what has arrived, and returns an error until that are so many events but for a few that came before it listened.
func (l *listener) upTo(events int64) error {
	for {
		message, ok, err := l.channel.Get(l.queue, true)
		if err != nil || !ok {
			if err == nil && int64(len(l.times)) < events-before {
				err = fmt.Errorf("%d of %d events heard", len(l.times), events)
			}
			return err
		}
		l.times[message.MessageId]++
	}
}

// before is more than the events of the demo catalogue, which are published before anybody can listen.
const before = 40

// again is how many events came more than once.
func (l *listener) again() (events int) {
	for _, n := range l.times {
		if n > 1 {
			events++
		}
	}
	return events
}
