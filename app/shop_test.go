package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"ordermill/app"
	"ordermill/app/manual"
	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
)

// shop is a log in a temporary folder, and one copy of the program's queue and desk over it.
type shop struct {
	t         *testing.T
	db        *sqlite.Database
	driver    *driver
	store     *eventstore.Store
	snapshots *app.Snapshots              // that copies keep; nil: none
	rest      func(context.Context) error // waits until the reactors that run have done everything
	desk
}

// desk is one copy; several over one store behave as several processes do, whose caches know nothing of each other.
type desk struct {
	*app.Desk
	queue     *app.Queue
	decisions *atomic.Int64 // that the queue has begun, told by its looks at the clock
}

// settled waits until the reactors that run have done everything.
func (s *shop) settled() {
	s.t.Helper()
	require.NoError(s.t, s.rest(s.t.Context()))
}

var quiet = slog.New(slog.DiscardHandler)

func newShop(t *testing.T) *shop {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(t.Context(), dir))
	s := reopened(t, dir, func(d eventstore.Driver) eventstore.Driver { return d })
	s.desk = s.copy()
	return s
}

// reopened is the shop of a folder, over a driver that the test may wrap, without a copy of the program. It is closed when the
// test ends.
func reopened(t *testing.T, dir string, wrap func(eventstore.Driver) eventstore.Driver) *shop {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	require.NoError(t, err)
	s := &shop{t: t, db: db, driver: &driver{Driver: wrap(db.Driver()), failures: make(chan error, 1)}}
	s.store = eventstore.New(s.driver)
	t.Cleanup(func() {
		require.NoError(t, s.store.Close())
		require.NoError(t, db.Close())
	})
	return s
}

// copyWith starts a copy with another payment provider or clock.
func (s *shop) copyWith(provider app.Provider, now func() time.Time) desk {
	d, _ := s.stoppable(provider, now)
	return d
}

// copy starts another copy, which ends with the test.
func (s *shop) copy() desk { return s.copyWith(manual.Provider{}, time.Now) }

// stoppable starts another copy, and tells it to stop when the test says so, or ends.
func (s *shop) stoppable(provider app.Provider, now func() time.Time) (d desk, stop func()) {
	var decisions atomic.Int64
	queue := app.NewQueue(s.store, func() time.Time { decisions.Add(1); return now() }, s.snapshots)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { queue.Run(ctx) })
	s.t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return desk{app.NewDesk(queue, s.store, "USD", app.DefaultTiming, provider, quiet), queue, &decisions}, stop
}

// driver counts appends, and can hold them back or be away.
type driver struct {
	eventstore.Driver
	arrived  atomic.Int64 // appends that were asked for
	appends  atomic.Int64 // of these, the ones that the database was asked for
	away     atomic.Bool
	failures chan error   // each fails one append
	mu       sync.RWMutex // held for writing: appends wait
}

func (d *driver) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	d.arrived.Add(1)
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.away.Load() {
		return fmt.Errorf("%w: as the test wants", eventstore.ErrUnavailable)
	}
	select {
	case err := <-d.failures:
		return err
	default:
	}
	d.appends.Add(1)
	return d.Driver.Append(ctx, lookup, plan)
}

// together has commands decided in one batch, in their order. It returns how many appends that took.
func (s *shop) together(commands ...func()) int64 {
	s.t.Helper()
	line := fmt.Sprintf("LINE-%d", s.driver.arrived.Load())
	return s.during(s.desk, func() { _ = s.register(line) }, commands...) - 1
}

// during has commands decided by a copy, in their order, while it is writing the first. It returns how many appends the
// database was asked for.
func (s *shop) during(d desk, first func(), commands ...func()) int64 {
	s.t.Helper()
	before := s.driver.appends.Load()
	hold := s.hold(d)
	hold.begin(first)
	for _, command := range commands {
		hold.decide(command)
	}
	hold.release()
	return s.driver.appends.Load() - before
}

// held is a copy whose appends wait.
type held struct {
	s       *shop
	d       desk
	asking  sync.WaitGroup
	release func() // lets the appends go on, and waits for all who asked
}

func (s *shop) hold(d desk) *held {
	h := &held{s: s, d: d}
	s.driver.mu.Lock()
	h.release = sync.OnceFunc(func() { s.driver.mu.Unlock(); h.asking.Wait() })
	s.t.Cleanup(h.release)
	return h
}

// begin waits until the command is being written.
func (h *held) begin(command func()) {
	h.s.t.Helper()
	arrived := h.s.driver.arrived.Load()
	h.asking.Go(command)
	h.s.until(func() bool { return h.s.driver.arrived.Load() > arrived })
}

// decide waits until the command is being decided.
func (h *held) decide(command func()) {
	h.s.t.Helper()
	decisions := h.d.decisions.Load()
	h.asking.Go(command)
	h.s.until(func() bool { return h.d.decisions.Load() > decisions })
}

func (s *shop) until(happened func() bool) {
	s.t.Helper()
	require.Eventually(s.t, happened, 10*time.Second, time.Millisecond)
}

func (d desk) register(sku string) error {
	_, err := d.RegisterProduct(context.Background(), app.Call{}, app.RegisterProduct{SKU: sku, Name: "Product " + sku, PriceMinor: 1000, Currency: "USD"})
	return err
}

func (d desk) receive(sku string, quantity int64) (app.StockReceived, error) {
	answer, err := d.ReceiveStock(context.Background(), app.Call{}, app.ReceiveStock{SKU: sku, Quantity: quantity})
	received, _ := answer.Result.(app.StockReceived)
	return received, err
}

// records is the whole log.
func (s *shop) records() []eventstore.Record {
	s.t.Helper()
	records, err := s.store.Read(s.t.Context(), eventstore.Query{Limit: eventstore.MaxPage})
	require.NoError(s.t, err)
	return records
}

// count is how many events of a type the log holds.
func (s *shop) count(eventType string) (n int) {
	s.t.Helper()
	for _, r := range s.records() {
		if r.Type == eventType {
			n++
		}
	}
	return n
}

// refused is the code of a refusal.
func refused(t *testing.T, err error) string {
	t.Helper()
	var refusal *decider.Refusal
	require.ErrorAs(t, err, &refusal)
	return refusal.Code
}

// letter sends a letter over HTTP and returns its status and outcome.
func (s *shop) letter(text string) (status, outcome string) {
	s.t.Helper()
	answer, err := s.Message(s.t.Context(), app.Call{}, []byte(text))
	require.NoError(s.t, err)
	m := answer.Result.(app.MessageResult)
	var result struct{ Outcome, Reason string }
	require.NoError(s.t, json.Unmarshal(m.Result, &result))
	if result.Reason != "" {
		result.Outcome += " " + result.Reason
	}
	return m.Status, result.Outcome
}

// log is the place of reactors.
func (s *shop) log() (db subscription.Database) {
	db.Write, db.Read = s.db.Log()
	return db
}

// inbox takes letters as from a broker.
func (s *shop) inbox() *app.Inbox {
	durable, _ := s.db.Durable()
	return app.NewInbox(s.Desk, durable)
}
