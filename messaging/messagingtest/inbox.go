package messagingtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/messaging"
)

// mailman runs an inbox and keeps what it is handed.
type mailman struct {
	letters chan messaging.Inbound
	answers chan error // one for each letter
	cancel  context.CancelFunc
	done    chan error
}

func startMailman(t testing.TB, transport messaging.Transport) *mailman {
	ctx, cancel := context.WithCancel(context.Background())
	m := &mailman{letters: make(chan messaging.Inbound), answers: make(chan error), cancel: cancel, done: make(chan error, 1)}
	go func() {
		m.done <- transport.Inbox(ctx, func(ctx context.Context, letter messaging.Inbound) error {
			select {
			case m.letters <- letter:
				return <-m.answers
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	t.Cleanup(cancel)
	return m
}

func (m *mailman) stop(t testing.TB) {
	t.Helper()
	m.cancel()
	select {
	case err := <-m.done:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(patience):
		t.Fatal("the inbox did not end with its context")
	}
}

// next waits for a letter and answers it.
func (m *mailman) next(t testing.TB, answer error) messaging.Inbound {
	t.Helper()
	letter := m.look(t)
	m.answers <- answer
	return letter
}

// look waits for a letter and leaves it under way.
func (m *mailman) look(t testing.TB) messaging.Inbound {
	t.Helper()
	select {
	case letter := <-m.letters:
		return letter
	case <-time.After(patience):
		t.Fatal("no letter came")
		panic("unreachable")
	}
}

func (m *mailman) expect(t testing.TB, answer error, body string) {
	t.Helper()
	require.Equal(t, body, string(m.next(t, answer).Body))
}

// openInbox returns a running inbox: on some brokers a letter that was sent before the first run is lost.
func openInbox(t testing.TB, names Names) (messaging.Transport, *mailman) {
	t.Helper()
	transport := open(t, names)
	m := startMailman(t, transport)
	m.connect(t, names)
	return transport, m
}

// connect sends probes until one arrives.
func (m *mailman) connect(t testing.TB, names Names) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		require.True(t, time.Now().Before(deadline), "no letter ever came")
		names.Send(t, []byte(`"probe"`))
		select {
		case letter := <-m.letters:
			require.Equal(t, `"probe"`, string(letter.Body))
			m.answers <- nil
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// skipProbes answers the probes that came late and returns the first other letter, still under way.
func (m *mailman) skipProbes(t testing.TB) messaging.Inbound {
	t.Helper()
	for {
		letter := m.look(t)
		if string(letter.Body) != `"probe"` {
			return letter
		}
		m.answers <- nil
	}
}

func failureSameLetterAgain(t testing.TB, target Target) {
	names := target.Fresh(t)
	_, m := openInbox(t, names)
	for _, body := range []string{"1", "2", "3"} {
		names.Send(t, []byte(body))
	}
	require.Equal(t, "1", string(m.skipProbes(t).Body))
	m.answers <- nil
	away := errors.New("the database is away")
	m.expect(t, away, "2")
	m.expect(t, away, "2")
	m.expect(t, nil, "2")
	m.expect(t, nil, "3")
	m.stop(t)
}

func restartKeepsLetters(t testing.TB, target Target) {
	names := target.Fresh(t)
	transport, m := openInbox(t, names)
	for _, body := range []string{"1", "2", "3", "4", "5"} {
		names.Send(t, []byte(body))
	}
	require.Equal(t, "1", string(m.skipProbes(t).Body))
	m.answers <- nil
	m.expect(t, nil, "2")
	require.Equal(t, "3", string(m.look(t).Body))
	m.cancel()
	m.answers <- errors.New("the program ends before this is committed")
	m.stop(t)
	require.NoError(t, transport.Close())

	m = startMailman(t, open(t, names))
	for _, body := range []string{"3", "4", "5"} {
		m.expect(t, nil, body)
	}
	m.stop(t)
}

func letterUnderWay(t testing.TB, target Target) {
	names := target.Fresh(t)
	transport, m := openInbox(t, names)
	names.Send(t, []byte("1"))
	require.Equal(t, "1", string(m.skipProbes(t).Body))
	m.cancel()
	m.answers <- nil // it was committed while the program was ending
	m.stop(t)
	require.NoError(t, transport.Close())

	names.Send(t, []byte("2"))
	m = startMailman(t, open(t, names))
	m.expect(t, nil, "2")
	m.stop(t)
}

func anyBytesHandedOn(t testing.TB, target Target) {
	names := target.Fresh(t)
	_, m := openInbox(t, names)
	bodies := []string{"", "\xff\x00 no JSON", `{"event_type":"order.created"}`}
	for _, body := range bodies {
		names.Send(t, []byte(body))
	}
	require.Equal(t, bodies[0], string(m.skipProbes(t).Body))
	m.answers <- nil
	m.expect(t, nil, bodies[1])
	m.expect(t, nil, bodies[2])
	m.stop(t)
}
