package subscription_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
)

// shop is a log in a temporary folder with one table that projectors write.
type shop struct {
	t     *testing.T
	store *eventstore.Store
	read  subscription.Database
	log   subscription.Database
}

func newShop(t *testing.T) *shop {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	database, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	store := eventstore.New(database.Driver())
	t.Cleanup(func() { require.NoError(t, errors.Join(store.Close(), database.Close())) })
	s := &shop{t: t, store: store}
	s.read.Write, s.read.Read = database.Read()
	s.log.Write, s.log.Read = database.Log()
	_, err = s.read.Write.Exec(`CREATE TABLE seen (position bigint, key text)`)
	require.NoError(t, err)
	return s
}

// append writes one command per stream list: append("a-1", "a-1", "b-1") is one command with three events.
func (s *shop) append(streams ...string) {
	s.t.Helper()
	expected := map[string]int64{}
	var events []eventstore.Event
	for _, stream := range streams {
		if _, ok := expected[stream]; !ok {
			expected[stream] = s.version(stream)
		}
		events = append(events, eventstore.Event{Stream: stream, Type: "happened", SchemaVersion: 1,
			Data: json.RawMessage(`{}`), Metadata: json.RawMessage(`{}`)})
	}
	outcomes, err := s.store.Append(s.t.Context(), []eventstore.Request{{CommandID: uuid.New(), Expected: expected, Events: events}})
	require.NoError(s.t, err)
	require.IsType(s.t, eventstore.Appended{}, outcomes[0])
}

func (s *shop) version(stream string) int64 {
	records, err := s.store.Read(s.t.Context(), eventstore.Query{Stream: stream, Latest: true, Limit: 1})
	require.NoError(s.t, err)
	if len(records) == 0 {
		return 0
	}
	return records[0].Version
}

func (s *shop) head() int64 {
	head, err := s.store.Head(s.t.Context())
	require.NoError(s.t, err)
	return head.Position
}

// seen returns what the projector's table holds, in the order in which it was written.
func (s *shop) seen() []int64 {
	rows, err := s.read.Read.Query(`SELECT position FROM seen ORDER BY rowid`)
	require.NoError(s.t, err)
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var position int64
		require.NoError(s.t, rows.Scan(&position))
		all = append(all, position)
	}
	return all
}

func (s *shop) count(query string, args ...any) int {
	var n int
	require.NoError(s.t, s.read.Read.QueryRow(query, args...).Scan(&n))
	return n
}

// start runs a consumer until the test ends, and returns a channel with what Run returned.
func start(t *testing.T, c *subscription.Consumer) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

func waitFor(t *testing.T, c *subscription.Consumer, position int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, c.WaitFor(ctx, position))
}

var quiet = subscription.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))

func owner(id string) subscription.Owner {
	return subscription.Owner{ID: id, TTL: 600 * time.Millisecond}
}

// byStream is the key of a record in these tests.
func byStream(r eventstore.Record) ([]string, error) { return []string{r.Stream}, nil }

// recorder is a projector that writes each position it is given, unless a hook refuses.
type recorder struct {
	name    string
	hook    func(subscription.Work) error
	batches chan []subscription.Work // every batch it was asked to apply, if not nil
}

func (r *recorder) Name() string                                    { return r.name }
func (r *recorder) Keys(record eventstore.Record) ([]string, error) { return byStream(record) }

func (r *recorder) Apply(ctx context.Context, tx *sql.Tx, batch []subscription.Work) error {
	if r.batches != nil {
		r.batches <- batch
	}
	var all []subscription.Delivery
	for _, work := range batch {
		if r.hook != nil {
			if err := r.hook(work); err != nil {
				return err
			}
		}
		all = append(all, work.Deliveries...)
	}
	for _, d := range all {
		if _, err := tx.ExecContext(ctx, `INSERT INTO seen (position, key) VALUES ($1, $2)`, d.Position, d.Stream); err != nil {
			return err
		}
	}
	return nil
}

// reaction is a reactor made of a function.
type reaction struct {
	name  string
	react func(context.Context, subscription.Work) error
}

func (r reaction) Name() string                                    { return r.name }
func (r reaction) Keys(record eventstore.Record) ([]string, error) { return byStream(record) }
func (r reaction) React(ctx context.Context, work subscription.Work) error {
	return r.react(ctx, work)
}

// upTo is 1, 2 ... n.
func upTo(n int64) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(i + 1)
	}
	return all
}

func stream(i int) string { return fmt.Sprintf("order-%d", i) }
