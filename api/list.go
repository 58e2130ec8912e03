package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/projections"
)

// Paging is the query values of every list. (Exported, like others here, only because huma skips what is not.)
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"at most so many items"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"next_cursor of the page before"`
}

// Page is an answer with some items of a list.
type Page[T any] struct {
	Link     string `header:"Link" doc:"rel=next: the next page; absent on the last one"`
	Position string `header:"X-Projection-Position" doc:"of the read model, when it was read"`
	Body     v1.List[T]
}

// One is an answer with one thing.
type One[T any] struct {
	Position string `header:"X-Projection-Position" doc:"of the read model, when it was read"`
	Body     T
}

// page makes a list's answer. next is the cursor of the page after it; "" is none.
func page[T any](path string, limit int, next string, items []T) *Page[T] {
	p := &Page[T]{Body: v1.List[T]{Items: items}}
	if items == nil {
		p.Body.Items = []T{}
	}
	if next != "" {
		p.Body.NextCursor = &next
		query := url.Values{"limit": {strconv.Itoa(limit)}, "cursor": {next}}
		p.Link = "<" + path + "?" + query.Encode() + `>; rel="next"`
	}
	return p
}

// pageOf answers a page of a list that is short enough to be looked at whole. key tells its items apart.
func pageOf[T any](path string, in *Paging, all []T, key func(T) string) (*Page[T], error) {
	after, err := cursorKey(path, in.Cursor)
	if err != nil {
		return nil, err
	}
	if after != "" {
		last := slices.IndexFunc(all, func(item T) bool { return key(item) == after })
		if last < 0 {
			return nil, badCursor()
		}
		all = all[last+1:]
	}
	next := ""
	if len(all) > in.Limit {
		all = all[:in.Limit]
		next = cursorFor(path, key(all[in.Limit-1]))
	}
	return page(path, in.Limit, next, all), nil
}

// rowsPage answers a list of a read model's rows.
func rowsPage[R, T any](ctx context.Context, a *API, path string, in *Paging, rows Rows[R], render func(R) T) (*Page[T], error) {
	found, err := rows.List(ctx, projections.Query{Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	items := make([]T, len(found.Rows))
	for i, row := range found.Rows {
		items[i] = render(row)
	}
	out := page(path, in.Limit, found.Next, items)
	out.Body.Parked = found.Parked
	out.Position = strconv.FormatInt(found.Position, 10)
	return out, nil
}

// rowOf answers a query for one row of a read model.
func rowOf[R, T any](ctx context.Context, a *API, rows Rows[R], key string, render func(R) T) (*One[T], error) {
	found, err := rows.Get(ctx, key)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	return &One[T]{Position: strconv.FormatInt(found.Position, 10), Body: render(found.Row)}, nil
}

// queryFailed turns what a read model says into a problem.
func (a *API) queryFailed(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, projections.ErrNotFound):
		return fail(v1.NotFound, "nothing with this id has been seen; what was just written may take a moment to appear")
	case errors.Is(err, projections.ErrBadCursor):
		return badCursor()
	case errors.Is(err, projections.ErrUnknownProjection):
		return fail(v1.NotFound, "no read model has this name; GET /v1/projections lists them")
	case errors.Is(err, projections.ErrNotReady):
		return fail(v1.NotReady, "the read model is being built for the first time")
	case errors.Is(err, projections.ErrParked):
		return fail(v1.ProjectionParked, "an event of this id could not be folded, so its row may be old; an operator has to look at it")
	case errors.Is(err, projections.ErrRebuildRunning):
		return fail(v1.RebuildRunning, "this read model is being rebuilt already")
	}
	return a.readFailed(ctx, err)
}

func badCursor() *problem {
	return fail(v1.InvalidParameter, "the cursor does not come from an answer of this list",
		v1.FieldError{Parameter: "cursor", Code: "invalid", Detail: "take it from next_cursor"})
}

// cursorFor makes the opaque cursor of a list that goes on after a key.
func cursorFor(list, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + " " + key))
}

// cursorKey reads a cursor that cursorFor has made for the same list; "" is the start.
func cursorKey(list, cursor string) (key string, err error) {
	if cursor == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	key, ours := strings.CutPrefix(string(text), list+" ")
	if err != nil || !ours || key == "" || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return "", badCursor()
	}
	return key, nil
}

// get describes a query.
func get(path, tag, id, summary string) huma.Operation {
	return huma.Operation{Method: http.MethodGet, Path: path, OperationID: id, Tags: []string{tag}, Summary: summary}
}
