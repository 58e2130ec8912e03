package messagingtest

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
	"ordermill/messaging/inprocess"
)

// A suite that cannot fail proves nothing. Each transport here breaks one promise, and the rule about it must notice.
func TestSuite_brokenTransport_rejected(t *testing.T) {
	for rule, broken := range map[string]func(messaging.Transport) messaging.Transport{
		"Feed_keepsOrderAndBytes":            func(t messaging.Transport) messaging.Transport { return reversing{t} },
		"Feed_restart_continuesAtCheckpoint": func(t messaging.Transport) messaging.Transport { return reencoding{t} },
		"Feed_deliverFails_endsWithItsError": func(t messaging.Transport) messaging.Transport { return swallowing{t} },
		"Inbox_failure_sameLetterAgain_orderKept": func(t messaging.Transport) messaging.Transport {
			return dropping{t, make(chan []byte, 1000)}
		},
	} {
		t.Run(rule, func(t *testing.T) {
			target := Target{Letters: true, Fresh: func(t testing.TB) Names { return brokenNames{broken(inprocess.New(inprocess.Options{}))} }}
			require.Contains(t, rules(target), rule)
			require.True(t, fails(t, func(t testing.TB) { rules(target)[rule](t, target) }), "the suite did not notice")
		})
	}
}

// verdict is a test that may fail without failing the one around it.
type verdict struct {
	testing.TB
	failed bool
}

func (v *verdict) Errorf(string, ...any)     { v.failed = true }
func (v *verdict) Fatalf(f string, a ...any) { v.Errorf(f, a...); v.FailNow() }
func (v *verdict) Fatal(...any)              { v.FailNow() }
func (v *verdict) FailNow()                  { v.failed = true; runtime.Goexit() }

func fails(t testing.TB, rule func(testing.TB)) bool {
	v := &verdict{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		rule(v)
	}()
	<-done
	return v.failed
}

type brokenNames struct{ transport messaging.Transport }

func (n brokenNames) Open(testing.TB) messaging.Transport { return n.transport }
func (brokenNames) Inject(testing.TB, []byte)             {}
func (brokenNames) Keep(testing.TB) func() []int64        { return nil }
func (n brokenNames) Send(_ testing.TB, body []byte) {
	n.transport.(dropping).letters <- body
}

// reversing publishes a batch backwards.
type reversing struct{ messaging.Transport }

func (r reversing) Publisher() message.Publisher { return backwards{r.Transport.Publisher()} }

type backwards struct{ message.Publisher }

func (b backwards) Publish(topic string, messages ...*message.Message) error {
	messages = slices.Clone(messages)
	slices.Reverse(messages)
	return b.Publisher.Publish(topic, messages...)
}

// reencoding loses the exact bytes of the data.
type reencoding struct{ messaging.Transport }

func (r reencoding) Publisher() message.Publisher { return compacting{r.Transport.Publisher()} }

type compacting struct{ message.Publisher }

func (c compacting) Publish(topic string, messages ...*message.Message) error {
	changed := make([]*message.Message, len(messages))
	for i, m := range messages {
		var short bytes.Buffer
		if err := json.Compact(&short, m.Payload); err != nil {
			return err
		}
		changed[i] = message.NewMessage(m.UUID, short.Bytes())
	}
	return c.Publisher.Publish(topic, changed...)
}

// swallowing goes on as if deliver had not failed.
type swallowing struct{ messaging.Transport }

func (s swallowing) Feed() subscription.Feed { return deaf{s.Transport.Feed()} }

type deaf struct{ subscription.Feed }

func (d deaf) Run(ctx context.Context, consumer string, from eventstore.Checkpoint, deliver func(context.Context, subscription.Delivery) error) error {
	calls := 0
	return d.Feed.Run(ctx, consumer, from, func(ctx context.Context, record subscription.Delivery) error {
		err := deliver(ctx, record)
		if calls++; calls == 1 {
			return nil
		}
		return err
	})
}

// dropping takes a letter for done although it was not committed.
type dropping struct {
	messaging.Transport
	letters chan []byte
}

func (d dropping) Inbox(ctx context.Context, receive messaging.Receive) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case body := <-d.letters:
			_ = receive(ctx, messaging.Inbound{Body: body})
		}
	}
}
