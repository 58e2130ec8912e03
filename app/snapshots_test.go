package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/app"
	"ordermill/app/manual"
	"ordermill/domain/inventory"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
)

// long is a log with one SKU whose stream is long, on either database, and copies that keep snapshots.
type long struct {
	t      *testing.T
	store  *eventstore.Store
	db     subscription.Database
	read   *atomic.Int64 // events read
	onHand int64
	size   int64 // events of the stream
}

const longSKU = "LONG"

// onBoth runs a test on a long stream on each database.
func onBoth(t *testing.T, events int, test func(t *testing.T, l *long)) {
	t.Run("SQLite", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, sqlite.Migrate(t.Context(), dir))
		db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
		require.NoError(t, err)
		test(t, openLong(t, db, events))
	})
	t.Run("Postgres", func(t *testing.T) {
		url := services.Postgres(t)
		require.NoError(t, postgres.Migrate(t.Context(), url, postgres.MigrateOptions{}))
		db, err := postgres.Open(t.Context(), url, postgres.Options{})
		require.NoError(t, err)
		test(t, openLong(t, db, events))
	})
}

func openLong(t *testing.T, db interface {
	Driver() eventstore.Driver
	Log() (write, read *sql.DB)
	Close() error
}, events int) *long {
	l := &long{t: t, read: &atomic.Int64{}}
	l.store = eventstore.New(countingDriver{db.Driver(), l.read})
	l.db.Write, l.db.Read = db.Log()
	t.Cleanup(func() {
		require.NoError(t, l.store.Close())
		require.NoError(t, db.Close())
	})
	l.grow(inventory.ItemRegistered{SKU: longSKU})
	for l.size < int64(events) {
		l.grow(inventory.Adjusted{AdjustmentID: "a", Delta: 1, Reason: "counted"})
	}
	return l
}

// countingDriver counts the events that are read.
type countingDriver struct {
	eventstore.Driver
	read *atomic.Int64
}

func (d countingDriver) Read(ctx context.Context, query eventstore.Query) ([]eventstore.Record, error) {
	records, err := d.Driver.Read(ctx, query)
	d.read.Add(int64(len(records)))
	return records, err
}

// grow writes a hundred events, or the first one, past every queue.
func (l *long) grow(event inventory.Event) {
	l.t.Helper()
	name, version, data, err := codec.Encode(event)
	require.NoError(l.t, err)
	stream := "inventory-" + longSKU
	r := eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{stream: l.size}}
	for range min(1+l.size*99, 100) {
		r.Events = append(r.Events, eventstore.Event{Stream: stream, Type: name, SchemaVersion: version, Data: data, Metadata: []byte("{}")})
		if adjusted, ok := event.(inventory.Adjusted); ok {
			l.onHand += adjusted.Delta
		}
	}
	outcomes, err := l.store.Append(l.t.Context(), []eventstore.Request{r})
	require.NoError(l.t, err)
	require.IsType(l.t, eventstore.Appended{}, outcomes[0])
	l.size += int64(len(r.Events))
}

// keeper is a copy's snapshots, whose log is written to told.
func (l *long) keeper() (s *app.Snapshots, told *telling) {
	told = &telling{}
	return app.NewSnapshots(l.store, l.db, slog.New(slog.NewTextHandler(told, nil))).Tireless(), told
}

// copy starts another copy, with nothing in its cache. Its keeper runs until stop.
func (l *long) copy(keeper *app.Snapshots) (d desk, stop func()) {
	queue := app.NewQueue(l.store, time.Now, keeper)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { queue.Run(ctx) })
	running.Go(func() { keeper.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	l.t.Cleanup(stop)
	return desk{Desk: app.NewDesk(queue, l.store, "USD", app.DefaultTiming, manual.Provider{}, quiet)}, stop
}

// receives has a copy book one unit, and demands that it knows all that happened before.
func (l *long) receives(d desk) {
	l.t.Helper()
	received, err := d.receive(longSKU, 1)
	require.NoError(l.t, err)
	l.onHand, l.size = l.onHand+1, l.size+1
	require.Equal(l.t, l.onHand, received.Item.OnHand)
}

// until waits until a load of the stream begins at that version, or a later one.
func (l *long) until(keeper *app.Snapshots, version int64) {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		from, err := keeper.Useful(l.t.Context(), longSKU)
		return err == nil && from >= version
	}, 20*time.Second, 5*time.Millisecond)
}

// telling is what a copy's log says.
type telling struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *telling) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *telling) says(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Contains(t.text.String(), text)
}

func TestSnapshots_streamOfThousands_isLoadedByItsLastEvents(t *testing.T) {
	onBoth(t, 6000, func(t *testing.T, l *long) {
		keeper, _ := l.keeper()
		d, stop := l.copy(keeper)
		before := l.read.Load()
		l.receives(d)
		require.GreaterOrEqual(t, l.read.Load()-before, int64(6000), "there is no snapshot yet")
		l.until(keeper, 6000)
		stop()

		d, _ = l.copy(keeper)
		before = l.read.Load()
		l.receives(d)
		require.LessOrEqual(t, l.read.Load()-before, int64(app.SnapshotEvery))
	})
}

func TestSnapshots_ofAStreamThatStaysInTheCache_followIt(t *testing.T) {
	onBoth(t, 1, func(t *testing.T, l *long) {
		keeper, _ := l.keeper()
		d, _ := l.copy(keeper)
		for range 3 * app.SnapshotEvery {
			l.receives(d)
		}
		l.until(keeper, 2*app.SnapshotEvery)
	})
}

// Whatever stands in the table, a command knows what the log says, and the next one is quick again.
func TestSnapshots_lostSpoiltOrOfAnotherPast_areNotUsedAndMadeAgain(t *testing.T) {
	execute := func(query string) func(*long, *app.Snapshots) error {
		return func(l *long, _ *app.Snapshots) error {
			_, err := l.db.Write.ExecContext(l.t.Context(), query)
			return err
		}
	}
	forge := func(change func(version *int64, eventID, logID, state *string)) func(*long, *app.Snapshots) error {
		return func(l *long, keeper *app.Snapshots) error { return keeper.Forge(l.t.Context(), longSKU, change) }
	}
	for name, harm := range map[string]func(*long, *app.Snapshots) error{
		"lost":                     execute(`DELETE FROM snapshots`),
		"state is changed":         execute(`UPDATE snapshots SET state = replace(state, 'on_hand":', 'on_hand":1')`),
		"state is cut off":         execute(`UPDATE snapshots SET state = substr(state, 1, 20)`),
		"checksum is wrong":        execute(`UPDATE snapshots SET checksum = 'x'`),
		"checksum is gone":         execute(`UPDATE snapshots SET checksum = ''`),
		"version is changed":       execute(`UPDATE snapshots SET version = version - 1`),
		"of older rules":           execute(`UPDATE snapshots SET state_version = 0`),
		"of newer rules":           execute(`UPDATE snapshots SET state_version = 99`),
		"of another log":           forge(func(_ *int64, _, logID, _ *string) { *logID = uuid.NewString() }),
		"of another event":         forge(func(_ *int64, eventID, _, _ *string) { *eventID = uuid.NewString() }),
		"of no event":              forge(func(_ *int64, eventID, _, _ *string) { *eventID = "?" }),
		"log is shorter":           forge(func(version *int64, _, _, _ *string) { *version += 1_000_000 }),
		"state is no JSON":         forge(func(_ *int64, _, _, state *string) { *state = "{" }),
		"state has another member": forge(func(_ *int64, _, _, state *string) { *state = `{"gone":1}` }),
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, 300, func(t *testing.T, l *long) {
				keeper, _ := l.keeper()
				require.NoError(t, keeper.Take(t.Context(), longSKU))
				from, err := keeper.Useful(t.Context(), longSKU)
				require.NoError(t, err)
				require.Equal(t, l.size, from)
				require.NoError(t, harm(l, keeper))
				from, err = keeper.Useful(t.Context(), longSKU)
				require.NoError(t, err)
				require.Zero(t, from, "it is used")
				d, _ := l.copy(keeper)
				l.receives(d)
				l.until(keeper, l.size-1)
			})
		})
	}
}

func TestSnapshots_slowerCopyWithAnOlderOne_theNewerStays(t *testing.T) {
	onBoth(t, 300, func(t *testing.T, l *long) {
		slow, _ := l.keeper()
		quick, _ := l.keeper()
		keep, err := slow.Fold(t.Context(), longSKU)
		require.NoError(t, err)
		l.grow(inventory.Adjusted{AdjustmentID: "a", Delta: 1, Reason: "counted"})
		require.NoError(t, quick.Take(t.Context(), longSKU))
		require.NoError(t, keep())
		from, err := slow.Useful(t.Context(), longSKU)
		require.NoError(t, err)
		require.Equal(t, l.size, from)
	})
}

func TestSnapshots_manyTakenAtOnce_theNewestStays(t *testing.T) {
	onBoth(t, 300, func(t *testing.T, l *long) {
		one, _ := l.keeper()
		other, _ := l.keeper()
		var taking errgroup.Group
		for range 8 {
			taking.Go(func() error { return one.Take(t.Context(), longSKU) })
			taking.Go(func() error { return other.Take(t.Context(), longSKU) })
			l.grow(inventory.Adjusted{AdjustmentID: "a", Delta: 1, Reason: "counted"})
		}
		require.NoError(t, taking.Wait())
		require.NoError(t, one.Take(t.Context(), longSKU))
		from, err := other.Useful(t.Context(), longSKU)
		require.NoError(t, err)
		require.Greater(t, from, l.size-app.SnapshotEvery)
		var rows int
		require.NoError(t, l.db.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM snapshots`).Scan(&rows))
		require.Equal(t, 1, rows)
	})
}

func TestSnapshots_ofOlderRules_goWithTheFirstOfTheNewer(t *testing.T) {
	onBoth(t, 300, func(t *testing.T, l *long) {
		keeper, _ := l.keeper()
		require.NoError(t, keeper.Take(t.Context(), longSKU))
		_, err := l.db.Write.ExecContext(t.Context(), `UPDATE snapshots SET state_version = 0`)
		require.NoError(t, err)
		require.NoError(t, keeper.Take(t.Context(), longSKU))
		var rows, oldest int
		require.NoError(t, l.db.Read.QueryRowContext(t.Context(), `SELECT count(*), min(state_version) FROM snapshots`).Scan(&rows, &oldest))
		require.Equal(t, []int{1, app.Kept()["inventory"]}, []int{rows, oldest})
	})
}

func TestSnapshots_thatCannotBeWrittenOrRead_areOnlyTold(t *testing.T) {
	onBoth(t, 300, func(t *testing.T, l *long) {
		closed, err := sql.Open("pgx", "postgres://nobody@127.0.0.1:1/none")
		require.NoError(t, err)
		require.NoError(t, closed.Close())
		good := l.db
		l.db.Write = closed
		keeper, told := l.keeper()
		d, stop := l.copy(keeper)
		l.receives(d)
		require.Eventually(t, func() bool { return told.says("no snapshot was taken") }, 20*time.Second, time.Millisecond)
		l.receives(d)
		stop()

		l.db = subscription.Database{Write: good.Write, Read: closed}
		keeper, told = l.keeper()
		d, _ = l.copy(keeper)
		l.receives(d)
		require.True(t, told.says("a snapshot is of no use"))
	})
}
