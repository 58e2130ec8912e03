package api

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/eventstore"
)

// Filter says which events are asked for. (Exported only because huma skips what is not.)
type Filter struct {
	After  int64  `query:"after" minimum:"0" doc:"position to go on after"`
	Types  string `query:"types" pattern:"^[a-z_]+(\\.[a-z_]+)*(,[a-z_]+(\\.[a-z_]+)*)*$" maxLength:"2000" doc:"event types, parted by commas; all if it is missing"`
	Stream string `query:"stream" pattern:"^[a-z_]+-[A-Za-z0-9._:-]{1,64}$" doc:"one stream; all if it is missing"`
}

type eventsRequest struct {
	Filter
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"at most so many items; no limit when streaming"`
	LastEventID string `header:"Last-Event-ID" doc:"of a stream: the last id received"`
	live        bool
}

// Resolve looks at whether a page is asked for, or the events as they come.
func (r *eventsRequest) Resolve(ctx huma.Context) []error {
	r.live = wantsStream(ctx.Header("Accept"))
	return nil
}

type streamRequest struct {
	Filter
	LastEventID string `header:"Last-Event-ID" doc:"the last id received; wins over after"`
}

// streamed is an answer that is written while it lasts, or at once.
type streamed struct{ Body func(huma.Context) }

func (a *API) registerEvents() {
	page := a.response(reflect.TypeFor[v1.Events](), "A page of the log, or its events as they come")
	page.Content["text/event-stream"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString,
		Description: "one event per message: id is its position, data the same JSON as an item of the page"}}

	list := get("/v1/events", "events", "list-events", "Read the log, a page of it or (Accept: text/event-stream) live")
	list.Responses = map[string]*huma.Response{"200": page}
	handle(a, list, func(ctx context.Context, in *eventsRequest) (*streamed, error) {
		resumed, err := in.resume(in.LastEventID)
		if err != nil {
			return nil, err
		}
		if in.live {
			return &streamed{func(c huma.Context) { a.stream(c, resumed) }}, nil
		}
		found, err := a.eventsPage(ctx, in.Filter, in.Limit)
		return &streamed{func(c huma.Context) {
			c.SetHeader("Content-Type", "application/json")
			_ = a.huma.Marshal(c.BodyWriter(), "application/json", found) // the reader may be gone
		}}, err
	})

	stream := get("/v1/events/stream", "events", "stream-events", "Follow the log live (Server-Sent Events)")
	stream.Responses = map[string]*huma.Response{"200": {Description: "Events as they come", Content: map[string]*huma.MediaType{"text/event-stream": page.Content["text/event-stream"]}}}
	handle(a, stream, func(ctx context.Context, in *streamRequest) (*streamed, error) {
		resumed, err := in.resume(in.LastEventID)
		if err != nil {
			return nil, err
		}
		return &streamed{func(c huma.Context) { a.stream(c, resumed) }}, nil
	})

	handle(a, get("/v1/streams/{stream}", "events", "read-stream", "Read one stream, oldest first"), a.readStream)
}

// resume is the filter of a stream that goes on after the last id its reader has seen.
func (f Filter) resume(lastEventID string) (Filter, error) {
	if lastEventID == "" {
		return f, nil
	}
	after, err := strconv.ParseInt(lastEventID, 10, 64)
	if err != nil || after < 0 {
		return f, fail(v1.InvalidHeader, "Last-Event-ID must be a position: the id of an event of this stream")
	}
	f.After = after
	return f, nil
}

func wantsStream(accept string) bool {
	for media := range strings.SplitSeq(accept, ",") {
		name, _, _ := strings.Cut(media, ";")
		if strings.EqualFold(strings.TrimSpace(name), "text/event-stream") {
			return true
		}
	}
	return false
}

func (a *API) eventsPage(ctx context.Context, f Filter, limit int) (v1.Events, error) {
	scan := a.scan(f)
	page := v1.Events{Items: []v1.Event{}, NextAfter: f.After}
	records, err := scan.next(ctx, limit)
	if err != nil {
		return page, err
	}
	for _, record := range records {
		page.Items = append(page.Items, event(record))
	}
	page.NextAfter = scan.after
	return page, nil
}

// scanned bounds how many records one look at the log reads to find those that match.
const scanned = 2000

// scan reads the matching records of the log, in order, a piece at a time.
type scan struct {
	log     Log
	stream  string
	types   []string
	after   int64 // position that was looked at last
	version int64 // in stream, likewise
}

func (a *API) scan(f Filter) *scan {
	s := &scan{log: a.Events, stream: f.Stream, after: f.After}
	if f.Types != "" {
		s.types = strings.Split(f.Types, ",")
	}
	return s
}

// next returns up to limit matching records. None need not mean that the log ends: after moves on over what does not match.
func (s *scan) next(ctx context.Context, limit int) ([]eventstore.Record, error) {
	read := limit
	if s.types != nil || s.stream != "" {
		read = scanned
	}
	records, err := s.log.Read(ctx, eventstore.Query{After: s.after, Stream: s.stream, AfterVersion: s.version, Limit: read})
	if err != nil {
		return nil, err
	}
	var matching []eventstore.Record
	for _, r := range records {
		if s.stream != "" {
			s.version = r.Version
			if r.Position <= s.after { // the versions before the position that was asked for
				continue
			}
		}
		s.after = r.Position
		if s.types == nil || slices.Contains(s.types, r.Type) {
			matching = append(matching, r)
		}
		if len(matching) == limit {
			break
		}
	}
	if s.stream != "" && len(matching) == 0 && len(records) == read {
		return s.next(ctx, limit) // a long stream: its early versions say nothing about how far the reader is
	}
	return matching, nil
}

type streamPage struct {
	Paging
	Stream string `path:"stream" pattern:"^[a-z_]+-[A-Za-z0-9._:-]{1,64}$" doc:"<category>-<id>, such as order-123"`
}

func (a *API) readStream(ctx context.Context, in *streamPage) (*Page[v1.Event], error) {
	list := "stream " + in.Stream
	version, err := cursorVersion(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	records, err := a.Events.Read(ctx, eventstore.Query{Stream: in.Stream, AfterVersion: version, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	if len(records) == 0 && version == 0 {
		return nil, fail(v1.NotFound, "no stream has this name")
	}
	next := ""
	if len(records) > in.Limit {
		records = records[:in.Limit]
		next = cursorFor(list, strconv.FormatInt(records[in.Limit-1].Version, 10))
	}
	items := make([]v1.Event, len(records))
	for i, r := range records {
		items[i] = event(r)
	}
	return page("/v1/streams/"+in.Stream, in.Limit, next, items), nil
}

func event(r eventstore.Record) v1.Event {
	return v1.Event{
		Position: r.Position, Stream: r.Stream, Version: r.Version, EventID: r.EventID.String(), Type: r.Type,
		SchemaVersion: int64(r.SchemaVersion), Data: r.Data, Metadata: r.Metadata, RecordedAt: r.RecordedAt,
	}
}
