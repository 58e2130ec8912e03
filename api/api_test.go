package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/api"
	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/history"
	"ordermill/projections"
	"ordermill/projections/cases"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
)

// shop is an API over fakes: each test sets what it needs, the rest answers as an empty shop would.
type shop struct {
	*httptest.Server
	api       *api.API
	t         testing.TB
	desk      *fakeDesk
	log       *fakeLog
	orders    fakeRows[orders.Row]
	payments  fakeRows[payments.Row]
	stock     fakeRows[inventory.Row]
	catalogue fakeRows[products.Row]
	cases     fakeRows[cases.Row]
	finder    *fakeFinder
	letters   *fakeMessages
	mails     fakeMailbox
	models    []*fakeModel
	consumers *fakeConsumers
	ready     error
	frozen    freezer         // of the database that everything reads
	parked    map[string]bool // keys of every read model
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{
		t: t, desk: &fakeDesk{}, log: newFakeLog(), finder: &fakeFinder{orders: map[string]string{}}, letters: &fakeMessages{}, consumers: &fakeConsumers{handled: map[string]subscription.Handling{}},
		models: []*fakeModel{{name: "orders"}, {name: "payments"}},
		orders: fakeRows[orders.Row]{}, payments: fakeRows[payments.Row]{}, stock: fakeRows[inventory.Row]{}, catalogue: fakeRows[products.Row]{}, cases: fakeRows[cases.Row]{},
	}
	s.log.frozen, s.letters.frozen, s.mails.frozen, s.consumers.frozen = &s.frozen, &s.frozen, &s.frozen, &s.frozen
	s.models[0].frozen, s.models[1].frozen = &s.frozen, &s.frozen
	a := api.New(api.Config{
		Desk: s.desk, Events: s.log, Orders: rows[orders.Row]{s.orders, s}, Payments: rows[payments.Row]{s.payments, s},
		Inventory: rows[inventory.Row]{s.stock, s}, Products: rows[products.Row]{s.catalogue, s}, Cases: rows[cases.Row]{s.cases, s}, Finder: s.finder,
		ReadModels: projections.Set{s.models[0], s.models[1]}, History: history.New(s.log, nil), Messages: s.letters, Mailbox: &s.mails, Consumers: s.consumers,
		Ready: func(context.Context) error { return s.ready }, AsyncAPI: []byte(`{"asyncapi":"3.0.0"}`), Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	s.api = a
	s.Server = httptest.NewUnstartedServer(a)
	s.Config = a.Server()
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// newServer serves the same shop with other time limits.
func newServer(t *testing.T, s *shop, read, write time.Duration) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(s.api)
	server.Config.ReadTimeout, server.Config.WriteTimeout = read, write
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// answered is a response, read whole.
type answered struct {
	*http.Response
	text string
	t    testing.TB
}

// do sends a request; header is "Name: value" lines.
func (s *shop) do(method, path, body string, header ...string) answered {
	s.t.Helper()
	request, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Add(name, value)
	}
	response, err := s.Client().Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return answered{response, string(text), s.t}
}

const asJSON = "Content-Type: application/json"

func (s *shop) get(path string, header ...string) answered { return s.do("GET", path, "", header...) }
func (s *shop) post(path, body string, header ...string) answered {
	return s.do("POST", path, body, append(header, asJSON)...)
}

// problem demands an error answer of this code, whole as the contract wants it.
func (a answered) problem(code string) v1.Problem {
	a.t.Helper()
	var p v1.Problem
	require.Equal(a.t, v1.ProblemMediaType, a.Header.Get("Content-Type"), a.text)
	require.NoError(a.t, json.Unmarshal([]byte(a.text), &p), a.text)
	require.Equal(a.t, code, p.Code, a.text)
	require.Equal(a.t, a.StatusCode, p.Status)
	require.Equal(a.t, "/problems/"+code, p.Type)
	require.NotEmpty(a.t, p.Title)
	require.NotEmpty(a.t, p.Detail)
	require.NotEmpty(a.t, p.Instance)
	return p
}

// ok demands a JSON answer of this status.
func (a answered) ok(status int, into any) {
	a.t.Helper()
	require.Equal(a.t, status, a.StatusCode, a.text)
	require.Equal(a.t, "application/json", a.Header.Get("Content-Type"))
	require.NoError(a.t, json.Unmarshal([]byte(a.text), into), a.text)
}

// fakeDesk answers every command with its result or error, and keeps what is rendered under an idempotency key as a desk does.
type fakeDesk struct {
	result   any
	position int64
	err      error
	panics   bool
	takes    time.Duration
	call     app.Call
	command  any
	kept     map[string][]byte
	each     func(letter string) (app.MessageResult, error) // decides letters instead
}

func (d *fakeDesk) decide(call app.Call, command any) (app.Answer, error) {
	d.call, d.command = call, command
	<-time.After(d.takes)
	if d.panics {
		panic("boom")
	}
	if d.err != nil {
		return app.Answer{}, d.err
	}
	if call.Key == nil {
		return app.Answer{Body: call.Respond(d.result), Position: d.position, Result: d.result}, nil
	}
	name := call.Key.Scope + "\n" + call.Key.Key
	if kept, ok := d.kept[name]; ok {
		return app.Answer{Body: kept, Position: d.position, Replayed: true}, nil
	}
	if d.kept == nil {
		d.kept = map[string][]byte{}
	}
	d.kept[name] = call.Respond(d.result)
	return app.Answer{Body: d.kept[name], Position: d.position, Result: d.result}, nil
}

func (d *fakeDesk) Message(_ context.Context, call app.Call, raw []byte) (app.Answer, error) {
	if d.each != nil {
		d.result, d.err = d.each(string(raw))
	}
	return d.decide(call, string(raw))
}
func (d *fakeDesk) RegisterProduct(_ context.Context, call app.Call, c app.RegisterProduct) (app.Answer, error) {
	return d.decide(call, c)
}
func (d *fakeDesk) ReceiveStock(_ context.Context, call app.Call, c app.ReceiveStock) (app.Answer, error) {
	return d.decide(call, c)
}
func (d *fakeDesk) PlaceOrder(_ context.Context, call app.Call, c app.PlaceOrder) (app.Answer, error) {
	return d.decide(call, c)
}
func (d *fakeDesk) RecordPayment(_ context.Context, call app.Call, c app.RecordPayment) (app.Answer, error) {
	return d.decide(call, c)
}

// asked is the query that a list was last asked for.
var asked atomic.Value

// fakeRows is a read model at position 7; its cursor is the place in the list.
type fakeRows[R any] map[string]R

func (f fakeRows[R]) Get(_ context.Context, key string) (projections.Found[R], error) {
	row, ok := f[key]
	if !ok {
		return projections.Found[R]{Position: 7}, projections.ErrNotFound
	}
	return projections.Found[R]{Row: row, Position: 7}, nil
}

func (f fakeRows[R]) List(_ context.Context, query projections.Query) (projections.Page[R], error) {
	if query.Cursor != "" && query.Cursor != "next" {
		return projections.Page[R]{}, projections.ErrBadCursor
	}
	page := projections.Page[R]{Position: 7}
	asked.Store(query)
	for _, row := range f {
		if len(page.Rows) == query.Limit {
			page.Next = "next"
			break
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

// WaitFor waits for what is beyond position 7 in vain.
func (f fakeRows[R]) WaitFor(ctx context.Context, position int64) error {
	if position <= 7 {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// freezer keeps whoever asks waiting, until he gives up, while it is true: a database that neither answers nor hangs up.
type freezer bool

func (f *freezer) wait(ctx context.Context) error {
	if !*f {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// rows are fakeRows in the shop's database.
type rows[R any] struct {
	fakeRows[R]
	shop *shop
}

func (r rows[R]) Get(ctx context.Context, key string) (projections.Found[R], error) {
	if err := r.shop.frozen.wait(ctx); err != nil {
		return projections.Found[R]{}, err
	}
	if r.shop.parked[key] {
		return projections.Found[R]{}, projections.ErrParked
	}
	return r.fakeRows.Get(ctx, key)
}

func (r rows[R]) List(ctx context.Context, query projections.Query) (projections.Page[R], error) {
	if err := r.shop.frozen.wait(ctx); err != nil {
		return projections.Page[R]{}, err
	}
	page, err := r.fakeRows.List(ctx, query)
	for key := range r.fakeRows {
		if r.shop.parked[key] {
			page.Parked = append(page.Parked, key)
		}
	}
	return page, err
}

type fakeMessages struct {
	all    []app.Message
	frozen *freezer
}

func (f *fakeMessages) Message(ctx context.Context, id string) (app.Message, error) {
	if err := f.frozen.wait(ctx); err != nil {
		return app.Message{}, err
	}
	for _, m := range f.all {
		if m.MessageID == id {
			return m, nil
		}
	}
	return app.Message{}, app.ErrNoMessage
}

func (f *fakeMessages) List(ctx context.Context, before string, limit int) ([]app.Message, error) {
	if err := f.frozen.wait(ctx); err != nil {
		return nil, err
	}
	var found []app.Message
	for i := len(f.all) - 1; i >= 0 && len(found) < limit; i-- {
		if before == "" || f.all[i].MessageID < before {
			found = append(found, f.all[i])
		}
	}
	return found, nil
}

type fakeMailbox struct {
	all    []app.Mail
	frozen *freezer
}

func (f *fakeMailbox) List(ctx context.Context, after string, limit int) ([]app.Mail, error) {
	if err := f.frozen.wait(ctx); err != nil {
		return nil, err
	}
	var found []app.Mail
	for _, m := range f.all {
		if m.MessageID > after && len(found) < limit {
			found = append(found, m)
		}
	}
	return found, nil
}

type fakeConsumers struct {
	statuses []subscription.Status
	handled  map[string]subscription.Handling // by consumer
	parked   []subscription.ParkedKey
	asked    []string
	err      error
	looked   func() // called by Statuses
	frozen   *freezer
}

func (f *fakeConsumers) Statuses(ctx context.Context) ([]subscription.Status, error) {
	if err := f.frozen.wait(ctx); err != nil {
		return nil, err
	}
	if f.looked != nil {
		f.looked()
	}
	return f.statuses, f.err
}

func (f *fakeConsumers) Handled(_ context.Context, consumer string, _ int64) (subscription.Handling, error) {
	return f.handled[consumer], nil
}

func (f *fakeConsumers) Parked(context.Context) ([]subscription.ParkedKey, error) {
	return f.parked, f.err
}

func (f *fakeConsumers) Skipped(_ context.Context, consumer, key string, _ int) ([]int64, error) {
	return []int64{4, 6}, f.err
}

func (f *fakeConsumers) Ask(_ context.Context, consumer, key, what, reason string) error {
	for _, p := range f.parked {
		if p.Consumer == consumer && p.Key == key {
			f.asked = []string{consumer, key, what, reason}
			return nil
		}
	}
	return subscription.ErrNotParked
}

type fakeModel struct {
	name     string
	position int64
	next     int64
	progress *projections.Progress
	report   projections.Report
	running  bool
	kept     int64         // the generation that a rollback goes back to
	takes    time.Duration // of a verification
	frozen   *freezer
	past     *projections.Frozen // the frozen generation that is there
}

func (m *fakeModel) Name() string                                { return m.name }
func (m *fakeModel) Run(context.Context, ...subscription.Option) {}
func (m *fakeModel) WaitFor(context.Context, int64) error        { return nil }
func (m *fakeModel) Verify(context.Context) (projections.Report, error) {
	<-time.After(m.takes)
	return m.report, nil
}
func (m *fakeModel) Status(ctx context.Context) (projections.Status, error) {
	return projections.Status{Name: m.name, Version: 1, Generation: 1, Kept: m.kept, Next: m.next, Position: m.position, Status: projections.Following}, m.frozen.wait(ctx)
}
func (m *fakeModel) Rebuild(ctx context.Context) error {
	if err := m.frozen.wait(ctx); err != nil {
		return err
	}
	if m.running {
		return projections.ErrRebuildRunning
	}
	m.running = true
	m.progress = &projections.Progress{Projection: m.name, Generation: 2, Status: projections.Running, EventsTotal: 9}
	return nil
}
func (m *fakeModel) Cancel(ctx context.Context) error {
	if err := m.frozen.wait(ctx); err != nil {
		return err
	}
	if !m.running {
		return projections.ErrNoRebuild
	}
	m.running = false
	m.progress.Status = projections.Cancelled
	return nil
}
func (m *fakeModel) Rollback(ctx context.Context) error {
	if err := m.frozen.wait(ctx); err != nil {
		return err
	}
	if m.kept == 0 {
		return projections.ErrNothingKept
	}
	m.running = true
	m.progress = &projections.Progress{Projection: m.name, Generation: m.kept, Status: projections.Running, EventsTotal: 9}
	return nil
}
func (m *fakeModel) Progress(ctx context.Context) (projections.Progress, error) {
	if err := m.frozen.wait(ctx); err != nil {
		return projections.Progress{}, err
	}
	if m.progress == nil {
		return projections.Progress{}, projections.ErrNotFound
	}
	return *m.progress, nil
}

var recorded = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// record makes the record at a position.
func record(position int64, stream string, version int64, kind, data string) eventstore.Record {
	return eventstore.Record{Position: position, Stream: stream, Version: version, EventID: uuid.NewSHA1(uuid.Nil, []byte{byte(position)}),
		Type: kind, SchemaVersion: 1, Data: json.RawMessage(data), Metadata: json.RawMessage(`{"actor":"anonymous"}`), RecordedAt: recorded}
}
