package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/internal/services"
)

func TestAppend_commitReplyLost_isUnknownThenResolved(t *testing.T) {
	url := services.Postgres(t)
	for name, c := range map[string]struct {
		cut       services.Cut
		committed bool
	}{"committed": {services.CutAnswer, true}, "not committed": {services.CutRequest, false}} {
		t.Run(name, func(t *testing.T) {
			shop := migrated(t, url)
			between := services.StartProxy(t, url, "")
			driver := open(t, between.URL, shop).Driver()
			warm(t, driver) // so that the next round trip after planning is the one that commits
			direct := open(t, url, shop).Driver()

			err := driver.Append(t.Context(), eventstore.Lookup{}, func(found eventstore.Snapshot) eventstore.Rows {
				between.CutNext(c.cut)
				return oneRow(found, "order-driver")
			})
			require.ErrorIs(t, err, eventstore.ErrOutcomeUnknown)
			records, err := direct.Read(t.Context(), eventstore.Query{Stream: "order-driver", Limit: 10})
			require.NoError(t, err)
			require.Equal(t, c.committed, len(records) == 1)

			warm(t, driver)
			cutOnce := sync.OnceFunc(func() { between.CutNext(c.cut) })
			store := newStore(t, hooked{Driver: silent{driver}, planned: cutOnce})
			outcomes, err := store.Append(t.Context(), []eventstore.Request{request("order-store", 0)})
			require.NoError(t, err)
			require.IsType(t, eventstore.Appended{}, outcomes[0])
			records, err = direct.Read(t.Context(), eventstore.Query{Stream: "order-store", Limit: 10})
			require.NoError(t, err)
			require.True(t, between.Done(), "the connection was cut")
			require.Len(t, records, 1, "once, whatever became of the first try")
			require.Equal(t, outcomes[0].(eventstore.Appended).First, records[0].Position)
		})
	}
}

func TestAppend_callerGoneDuringCommit_isClassifiedByTheServer(t *testing.T) {
	url := services.Postgres(t)
	driver := open(t, url, migrated(t, url)).Driver()
	// A trigger holds the commit's round trip up until the caller has left.
	owner, watcher := connect(t, url), connect(t, url)
	const held = 42
	_, err := owner.Exec(t.Context(), fmt.Sprintf(`
		SELECT pg_advisory_lock(%[1]d);
		CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(%[1]d); RETURN NEW; END';
		CREATE TRIGGER hold BEFORE INSERT ON shop%[2]d_log.events FOR EACH ROW EXECUTE FUNCTION hold()`, held, shops.Load()))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := make(chan error, 1)
	go func() {
		var waiting bool
		var err error
		for !waiting && err == nil {
			err = watcher.QueryRow(context.Background(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted)`, held).Scan(&waiting)
		}
		cancel()
		if err == nil {
			_, err = owner.Exec(context.Background(), `SELECT pg_advisory_unlock($1)`, held)
		}
		left <- err
	}()
	err = driver.Append(ctx, eventstore.Lookup{}, func(found eventstore.Snapshot) eventstore.Rows { return oneRow(found, "order-1") })
	require.NoError(t, <-left)
	require.NoError(t, err, "it was written, and that is what the caller is told")
	require.Error(t, ctx.Err())
	records, err := driver.Read(t.Context(), eventstore.Query{Limit: 10})
	require.NoError(t, err)
	require.Len(t, records, 1)
}

func TestAppend_serverProcessKilledHalfWay_isDoneOnce(t *testing.T) {
	url := services.Postgres(t)
	driver := open(t, url, migrated(t, url)).Driver()
	owner := connect(t, url)
	kill := sync.OnceFunc(func() { terminate(t, owner, `pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`) })
	store := newStore(t, hooked{Driver: driver, planned: kill})
	outcomes, err := store.Append(t.Context(), []eventstore.Request{request("order-1", 0)})
	require.NoError(t, err)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
}

// TestAppend_serverProcessesKilledAtRandom_everyAnswerIsTrue kills connections at any moment, in COMMIT too.
func TestAppend_serverProcessesKilledAtRandom_everyAnswerIsTrue(t *testing.T) {
	url := services.Postgres(t)
	shop := migrated(t, url)
	killer := connect(t, url)
	stores := []*eventstore.Store{newStore(t, open(t, url, shop).Driver()), newStore(t, open(t, url, shop).Driver())}
	each := 60
	if testing.Short() {
		each = 6
	}
	var told sync.Map // stream -> outcome
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range each {
				stream := fmt.Sprintf("order-%d.%d", w, i)
				outcomes, err := stores[w%2].Append(t.Context(), []eventstore.Request{request(stream, 0)})
				if err != nil {
					t.Errorf("%s: %v", stream, err)
					return
				}
				told.Store(stream, outcomes[0])
			}
		})
	}
	finished := make(chan struct{})
	go func() { writers.Wait(); close(finished) }()
	for over := false; !over; {
		terminate(t, killer, `application_name = 'ordermill' AND random() < 0.3`)
		select {
		case <-finished:
			over = true
		case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
		}
	}
	records, err := open(t, url, shop).Driver().Read(t.Context(), eventstore.Query{Limit: eventstore.MaxPage})
	require.NoError(t, err)
	require.Len(t, records, 8*each)
	for i, r := range records {
		require.Equal(t, int64(i+1), r.Position)
		outcome, ok := told.Load(r.Stream)
		require.True(t, ok)
		require.Equal(t, eventstore.Appended{First: r.Position, Last: r.Position}, outcome, r.Stream)
	}
}

func TestAppend_holderOfTheLockFrozen_isThrownOff(t *testing.T) {
	url := services.Postgres(t)
	shop := migrated(t, url)
	frozen, other := open(t, url, shop).Driver(), open(t, url, shop).Driver()
	otherStore := newStore(t, other)
	holds, thaw := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(holds); <-thaw })
	frozenStore := newStore(t, hooked{Driver: frozen, planned: first})
	type result struct {
		outcomes []eventstore.Outcome
		err      error
	}
	answer := make(chan result, 1)
	go func() {
		outcomes, err := frozenStore.Append(context.Background(), []eventstore.Request{request("sku-last", 0)})
		answer <- result{outcomes, err}
	}()
	<-holds
	started := time.Now()
	outcomes, err := otherStore.Append(t.Context(), []eventstore.Request{request("sku-last", 0)})
	waited := time.Since(started)
	close(thaw)
	require.NoError(t, err)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
	require.Less(t, waited, 5*time.Second)
	late := <-answer
	require.NoError(t, late.err)
	require.Equal(t, []eventstore.Outcome{eventstore.WrongVersion{Stream: "sku-last", Expected: 0, Actual: 1}}, late.outcomes, "it wakes up too late to write")
}

func TestServer_goneAndBack_isUnavailableThenWorks(t *testing.T) {
	server := services.StartPostgres(t)
	shop := migrated(t, server.URL)
	db := open(t, server.URL, shop)
	store := newStore(t, db.Driver())
	_, err := store.Append(t.Context(), []eventstore.Request{request("order-1", 0)})
	require.NoError(t, err)
	server.Kill()
	_, err = store.Append(t.Context(), []eventstore.Request{request("order-2", 0)})
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	_, err = store.Read(t.Context(), eventstore.Query{Limit: 1})
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	server.Restart()
	outcomes, err := store.Append(t.Context(), []eventstore.Request{request("order-2", 0)})
	require.NoError(t, err, "recovers without help")
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 2, Last: 2}}, outcomes)
}

func TestServer_readOnly_isUnavailableThenWorks(t *testing.T) {
	url := services.Postgres(t)
	store := newStore(t, open(t, url, migrated(t, url)).Driver())
	owner := connect(t, url)
	set := func(value string) {
		t.Helper()
		var database string
		require.NoError(t, owner.QueryRow(t.Context(), `SELECT current_database()`).Scan(&database))
		_, err := owner.Exec(t.Context(), `ALTER DATABASE `+pgx.Identifier{database}.Sanitize()+` SET default_transaction_read_only = `+value)
		require.NoError(t, err)
		terminate(t, owner, `application_name = 'ordermill'`)
	}
	_, err := owner.Exec(t.Context(), `SET default_transaction_read_only = off`)
	require.NoError(t, err)
	set("on")
	_, err = store.Append(t.Context(), []eventstore.Request{request("order-1", 0)})
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	set("off")
	outcomes, err := store.Append(t.Context(), []eventstore.Request{request("order-1", 0)})
	require.NoError(t, err)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
}

// terminate ends the server's processes of this database, other than our own, that a condition picks.
func terminate(t testing.TB, owner *pgx.Conn, condition string) {
	t.Helper()
	_, err := owner.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND `+condition)
	require.NoError(t, err)
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

func newStore(t testing.TB, driver eventstore.Driver) *eventstore.Store {
	store := eventstore.New(driver)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func request(stream string, expected int64) eventstore.Request {
	id := uuid.New()
	return eventstore.Request{CommandID: id, Expected: map[string]int64{stream: expected},
		Receipts: []eventstore.Receipt{{Scope: "test", Key: id.String(), Fingerprint: []byte("f"), Response: []byte("r")}},
		Events:   []eventstore.Event{{Stream: stream, Type: "test.happened", SchemaVersion: 1, Data: []byte(`{}`), Metadata: []byte(`{}`)}}}
}

// oneRow is what a Store would plan for one event on a new stream.
func oneRow(found eventstore.Snapshot, stream string) eventstore.Rows {
	return eventstore.Rows{Records: []eventstore.Record{{Position: found.Tail.Position + 1, Stream: stream, Version: 1, EventID: uuid.New(),
		Type: "test.happened", SchemaVersion: 1, CommandID: uuid.New(), Data: []byte(`{}`), Metadata: []byte(`{}`), RecordedAt: found.Tail.RecordedAt}}}
}

// warm makes the driver's connection know its statements.
func warm(t testing.TB, driver eventstore.Driver) {
	t.Helper()
	id := uuid.NewString()
	err := driver.Append(t.Context(), eventstore.Lookup{}, func(found eventstore.Snapshot) eventstore.Rows {
		rows := oneRow(found, "warm-"+id)
		rows.Receipts = []eventstore.ReceiptRow{{Receipt: eventstore.Receipt{Scope: "warm", Key: id}}}
		return rows
	})
	require.NoError(t, err)
}

// silent leaves a driver's appends as the only traffic on its connections.
type silent struct{ eventstore.Driver }

func (silent) Notify(context.Context, int64) {}
func (silent) Listen(ctx context.Context, _ func(int64)) error {
	<-ctx.Done()
	return ctx.Err()
}

// hooked calls planned when rows have been planned and are about to be written.
type hooked struct {
	eventstore.Driver
	planned func()
}

func (d hooked) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	return d.Driver.Append(ctx, lookup, func(found eventstore.Snapshot) eventstore.Rows {
		rows := plan(found)
		d.planned()
		return rows
	})
}
