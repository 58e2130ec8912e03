package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/eventstore"
)

// someEvents are n records: odd positions on order-1, even ones on inventory-A.
func someEvents(from, to int64) (records []eventstore.Record) {
	for p := from; p <= to; p++ {
		if p%2 == 1 {
			records = append(records, record(p, "order-1", (p+1)/2, "order.placed", `{"n":1,"text":"<é>"}`))
		} else {
			records = append(records, record(p, "inventory-A", p/2, "inventory.reserved", `{}`))
		}
	}
	return records
}

func positions(items []v1.Event) (all []int64) {
	for _, e := range items {
		all = append(all, e.Position)
	}
	return all
}

func TestEvents_pagesAndFilters(t *testing.T) {
	s := newShop(t)
	s.log.append(someEvents(1, 10)...)
	for path, want := range map[string]struct {
		positions []int64
		next      int64
	}{
		"?limit=3":                    {[]int64{1, 2, 3}, 3},
		"?after=3&limit=3":            {[]int64{4, 5, 6}, 6},
		"?after=10":                   {nil, 10},
		"?after=99":                   {nil, 99},
		"?types=order.placed&limit=2": {[]int64{1, 3}, 3},
		"?types=order.placed,inventory.reserved&limit=2": {[]int64{1, 2}, 2},
		"?types=nothing.such":                            {nil, 10},
		"?stream=order-1&after=3":                        {[]int64{5, 7, 9}, 9},
		"?stream=order-1&types=inventory.reserved":       {nil, 9},
		"?after=8&types=&stream=&limit=5":                {[]int64{9, 10}, 10},
		"?stream=order-2":                                {nil, 0},
	} {
		var page v1.Events
		s.get("/v1/events"+path).ok(200, &page)
		require.Equal(t, want.positions, positions(page.Items), path)
		require.Equal(t, want.next, page.NextAfter, path)
		require.NotNil(t, page.Items)
	}
	var page v1.Events
	s.get("/v1/events?limit=1").ok(200, &page)
	require.Equal(t, "2026-01-02T03:04:05.678Z", page.Items[0].RecordedAt.Format(time.RFC3339Nano))
	require.JSONEq(t, `{"n":1,"text":"<é>"}`, string(page.Items[0].Data))
	require.JSONEq(t, `{"actor":"anonymous"}`, string(page.Items[0].Metadata))
}

// TestEvents_longStream: what stands far down a long stream is found, however long the part before it.
func TestEvents_longStream_isScannedOn(t *testing.T) {
	s := newShop(t)
	for v := int64(1); v <= 5000; v++ {
		s.log.append(record(v, "inventory-A", v, "inventory.reserved", `{}`))
	}
	var page v1.Events
	s.get("/v1/events?stream=inventory-A&after=4998").ok(200, &page)
	require.Equal(t, []int64{4999, 5000}, positions(page.Items))
}

func TestStream_pages(t *testing.T) {
	s := newShop(t)
	s.log.append(someEvents(1, 10)...)
	var all []int64
	path := "/v1/streams/order-1?limit=2"
	for path != "" {
		var page v1.List[v1.Event]
		answer := s.get(path)
		answer.ok(200, &page)
		all = append(all, positions(page.Items)...)
		path = ""
		if page.NextCursor != nil {
			link := answer.Header.Get("Link")
			require.True(t, strings.HasPrefix(link, "</v1/streams/order-1?"), link)
			require.Contains(t, link, `>; rel="next"`)
			path = link[1:strings.Index(link, ">")]
		} else {
			require.Empty(t, answer.Header.Get("Link"))
		}
	}
	require.Equal(t, []int64{1, 3, 5, 7, 9}, all)
	s.get("/v1/streams/order-2").problem(v1.NotFound)
}

// follower reads one event stream.
type follower struct {
	*http.Response
	lines *bufio.Reader
	stop  context.CancelFunc
	t     testing.TB
}

func (s *shop) follow(path string, header ...string) *follower {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	s.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", s.URL+path, nil)
	require.NoError(s.t, err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := s.Client().Do(request)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { response.Body.Close() })
	require.Equal(s.t, 200, response.StatusCode)
	require.Equal(s.t, "text/event-stream", response.Header.Get("Content-Type"))
	return &follower{response, bufio.NewReader(response.Body), cancel, s.t}
}

// ids reads events until n have come, and returns their ids.
func (f *follower) ids(n int) (ids []string) {
	f.t.Helper()
	for len(ids) < n {
		line, err := f.lines.ReadString('\n')
		require.NoError(f.t, err)
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			ids = append(ids, strings.TrimSpace(id))
		}
	}
	return ids
}

func TestEventStream_historyThenLive(t *testing.T) {
	s := newShop(t)
	s.log.append(someEvents(1, 3)...)
	for _, f := range []*follower{s.follow("/v1/events/stream"), s.follow("/v1/events", "Accept: text/event-stream, */*;q=0.1")} {
		require.Equal(t, []string{"1", "2", "3"}, f.ids(3))
		f.stop()
	}
	f := s.follow("/v1/events/stream?after=3")
	s.log.append(someEvents(4, 5)...)
	require.Equal(t, []string{"4", "5"}, f.ids(2))
}

func TestEventStream_wireFormat(t *testing.T) {
	s := newShop(t)
	s.log.append(someEvents(1, 1)...)
	f := s.follow("/v1/events/stream")
	var lines []string
	for len(lines) < 5 {
		line, err := f.lines.ReadString('\n')
		require.NoError(t, err)
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	require.Equal(t, []string{": open", "", "id: 1"}, lines[:3])
	require.True(t, strings.HasPrefix(lines[3], `data: {"position":1,"stream":"order-1","version":1,"event_id":"`), lines[3])
	require.Contains(t, lines[3], `"data":{"n":1,"text":"<é>"}`)
	require.Empty(t, lines[4])
}

func TestEventStream_resumesFromLastEventID(t *testing.T) {
	s := newShop(t)
	s.log.append(someEvents(1, 6)...)
	require.Equal(t, []string{"5", "6"}, s.follow("/v1/events/stream?after=1", "Last-Event-ID: 4").ids(2), "the header wins")
	require.Equal(t, []string{"6"}, s.follow("/v1/events/stream?types=inventory.reserved", "Last-Event-ID: 4").ids(1))
	require.Equal(t, []string{"5"}, s.follow("/v1/events/stream?stream=order-1", "Last-Event-ID: 4").ids(1))
	for _, bad := range []string{"x", "-1", "1.5", "9223372036854775808", ""} {
		answer := s.get("/v1/events/stream", "Last-Event-ID: "+bad)
		require.Equal(t, 400, answer.StatusCode, bad)
		answer.problem(v1.InvalidHeader)
	}
}

// TestEventStream_readerLeaves_isForgotten: nothing is left behind by a reader that has gone.
func TestEventStream_readerLeaves_isForgotten(t *testing.T) {
	s := newShop(t)
	f := s.follow("/v1/events/stream")
	require.Equal(t, 1, <-s.log.watching)
	f.stop()
	require.Equal(t, 0, <-s.log.watching)
}

// TestEventStream_shutdown_endsIt: a stream would hold up the shutdown for ever.
func TestEventStream_shutdown_endsIt(t *testing.T) {
	s := newShop(t)
	f := s.follow("/v1/events/stream")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	require.NoError(t, s.Config.Shutdown(ctx))
	for {
		if _, err := f.lines.ReadString('\n'); err != nil {
			break
		}
	}
	require.NoError(t, ctx.Err())
}

// TestEventStream_outlivesTheServersTimeouts: the server's read and write timeouts are for requests, not for streams.
func TestEventStream_outlivesTheServersTimeouts(t *testing.T) {
	s := newShop(t)
	short := newServer(t, s, 100*time.Millisecond, 100*time.Millisecond)
	request, err := http.NewRequest("GET", short.URL+"/v1/events/stream", nil)
	require.NoError(t, err)
	response, err := short.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	f := &follower{Response: response, lines: bufio.NewReader(response.Body), t: t}
	for p := int64(1); p <= 4; p++ {
		<-time.After(60 * time.Millisecond) // the time itself is what is tested
		s.log.append(someEvents(p, p)...)
		require.Equal(t, []string{fmt.Sprint(p)}, f.ids(1))
	}
}
