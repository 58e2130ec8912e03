package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// patience is how long a test waits for what must happen soon; it is long because the machine may be busy.
const patience = 30 * time.Second

// shop is one copy of the program inside the test's process, and a client of it.
type shop struct {
	*client.Client
	t    *testing.T
	url  string
	stop func()
}

// onBothStores runs a test on SQLite and on Postgres, each empty, side by side: they run on when it returns.
func onBothStores(t *testing.T, test func(t *testing.T, config program.Config)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, program.Config{Data: t.TempDir()})
	})
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		test(t, program.Config{Store: services.Postgres(t)})
	})
}

// open starts a copy and waits until it is ready. It is stopped when the test ends, unless stop was called before.
func open(t *testing.T, config program.Config) *shop {
	t.Helper()
	s := openUnready(t, config)
	eventually(t, func() error { return s.Ready(t.Context()) })
	return s
}

// openUnready starts a copy and does not wait until it is ready.
func openUnready(t *testing.T, config program.Config) *shop {
	t.Helper()
	logged := &logBuffer{}
	config.Addr, config.Migrate, config.Log = "127.0.0.1:0", true, slog.New(slog.NewTextHandler(logged, nil))
	p, err := program.Start(t.Context(), config)
	require.NoError(t, err)
	s := &shop{t: t, url: p.URL(), Client: client.New(p.URL())}
	s.stop = sync.OnceFunc(func() {
		s.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(func() {
		s.stop()
		logged.show(t)
	})
	return s
}

// eventually asks again until check returns nil; what it last returned is why the test fails.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	within(t, patience, check)
}

func within(t *testing.T, limit time.Duration, check func() error) {
	t.Helper()
	late := time.NewTimer(limit)
	defer late.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-late.C:
			require.NoError(t, err, "not within %s", limit)
		}
	}
}

// letter sends a letter that must be taken, and returns what was answered.
func (s *shop) letter(text string) v1.MessageAccepted {
	s.t.Helper()
	answer, err := s.Send(s.t.Context(), []byte(text))
	require.NoError(s.t, err)
	return answer.Body
}

// The two letters of the tutorial, for an order of one Teddy Bear.
func orderLetter(id string) string {
	return fmt.Sprintf(`{"event_type":"order.created","payload":{"order_id":%q,"items":[{"name":"Teddy Bear","quantity":1}]}}`, id)
}

func paymentLetter(id string) string {
	return fmt.Sprintf(`{"event_type":"payment.completed","payload":{"order_id":%q,"amount":29.99}}`, id)
}

// status returns an error unless the order stands so.
func (s *shop) status(id, status, paid string) error {
	o, err := s.Order(s.t.Context(), id)
	if err != nil {
		return err
	}
	if o.Status != status || o.PaymentStatus != paid {
		return fmt.Errorf("order %s is %s, %s (%s); want %s, %s", id, o.Status, o.PaymentStatus, o.Reason, status, paid)
	}
	return nil
}

// confirmed waits until the orders are confirmed and paid.
func (s *shop) confirmed(ids ...string) {
	s.t.Helper()
	for _, id := range ids {
		eventually(s.t, func() error { return s.status(id, "confirmed", "paid") })
	}
}

// verified asks every read model to compare itself with the log.
func (s *shop) verified() {
	s.t.Helper()
	models, err := s.Projections(s.t.Context())
	require.NoError(s.t, err)
	require.Len(s.t, models, 6)
	for _, m := range models {
		report, err := s.Verify(s.t.Context(), m.Name)
		require.NoError(s.t, err)
		require.Empty(s.t, report.Differences, m.Name)
		require.True(s.t, report.OK, m.Name)
		require.Zero(s.t, report.Parked, m.Name)
	}
}

// all fetches every page of a list.
func all[T any](t *testing.T, fetch func(ctx context.Context, limit int, cursor string) (v1.List[T], error)) (items []T) {
	t.Helper()
	for cursor := ""; ; {
		page, err := fetch(t.Context(), 200, cursor)
		require.NoError(t, err)
		items = append(items, page.Items...)
		if page.NextCursor == nil {
			return items
		}
		cursor = *page.NextCursor
	}
}

// events fetches the whole log.
func events(t *testing.T, c *client.Client) (all []v1.Event) {
	t.Helper()
	for after := int64(0); ; {
		page, err := c.Events(t.Context(), client.Filter{After: after}, 200)
		require.NoError(t, err)
		if page.NextAfter == after {
			return all
		}
		all = append(all, page.Items...)
		after = page.NextAfter
	}
}

// torture is how often to repeat what is repeated: usually, and under ORDERMILL_TORTURE=1.
func torture(usually, tortured int) int {
	if os.Getenv("ORDERMILL_TORTURE") != "" {
		return tortured
	}
	return usually
}

// logBuffer keeps what a copy logged, to be shown if its test fails.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const shownAtMost = 8 << 10

func (b *logBuffer) show(t *testing.T) {
	if text := b.String(); t.Failed() && text != "" {
		t.Logf("the program's log ends with\n%s", text[max(0, len(text)-shownAtMost):])
	}
}

// member is one member of a JSON object.
func member(t *testing.T, object []byte, name string) json.RawMessage {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &members))
	require.Contains(t, members, name)
	return members[name]
}

func count(all []string, what string) (n int) {
	for _, one := range all {
		if one == what {
			n++
		}
	}
	return n
}
