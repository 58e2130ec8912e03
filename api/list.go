package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/eventstore/subscription"
	"ordermill/projections"
)

// defaultLimit is how many items a page has if the query does not say.
const defaultLimit = 50

// Paging is the query values of every list. (Exported, like others here, only because huma skips what is not.)
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"at most so many items"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"next_cursor of the page before"`
}

// Fresh is the query value of every read of a read model.
type Fresh struct {
	MinPosition int64 `query:"min_position" minimum:"0" doc:"wait, at most 5 seconds, until the read model holds this position: the X-Position of a command's answer shows what it wrote"`
}

// RowsPaging is the query values of a list of a read model's rows.
type RowsPaging struct {
	Paging
	Fresh
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
	return pageBy(filters{}, path, limit, next, items)
}

// pageBy does the same for a list that filters have narrowed.
func pageBy[T any](by filters, path string, limit int, next string, items []T) *Page[T] {
	p := &Page[T]{Body: v1.List[T]{Items: items}}
	if items == nil {
		p.Body.Items = []T{}
	}
	if next != "" {
		p.Body.NextCursor = &next
		p.Link = by.link(path, limit, next)
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

// rowsPage answers a list of those of a read model's rows that the filters let through.
func rowsPage[R, T any](ctx context.Context, a *API, path string, in *RowsPaging, rows Rows[R], by filters, render func(R) T) (*Page[T], error) {
	if err := a.catchUp(ctx, rows, in.MinPosition); err != nil {
		return nil, err
	}
	return rowsFound(ctx, a, path, projections.Query{Limit: in.Limit, Cursor: in.Cursor, Where: by.conditions}, rows, by, render)
}

func rowsFound[R, T any](ctx context.Context, a *API, path string, query projections.Query, rows Rows[R], by filters, render func(R) T) (*Page[T], error) {
	found, err := rows.List(ctx, query)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	items := make([]T, len(found.Rows))
	for i, row := range found.Rows {
		items[i] = render(row)
	}
	out := pageBy(by, path, query.Limit, found.Next, items)
	out.Body.Parked = found.Parked
	out.Position = strconv.FormatInt(found.Position, 10)
	return out, nil
}

// longestCatchUp bounds how long a query waits for its read model.
const longestCatchUp = 5 * time.Second

// catchUp waits until a read model, in whichever process it is kept, holds a position; 0 is not waited for.
func (a *API) catchUp(ctx context.Context, rows interface {
	WaitFor(ctx context.Context, position int64) error
}, position int64) error {
	if position == 0 {
		return nil
	}
	wait, stop := context.WithTimeout(ctx, longestCatchUp)
	defer stop()
	err := rows.WaitFor(wait, position)
	if err != nil && ctx.Err() == nil && wait.Err() != nil {
		return fail(v1.ProjectionBehind, "the read model does not hold this position yet; nothing is wrong with what was written")
	}
	return err
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
	case errors.Is(err, subscription.ErrStop):
		return a.logged(ctx, err, v1.UnreadableEvent, "a newer program wrote an event of this id; this one cannot tell what it means")
	case errors.Is(err, projections.ErrFreezing):
		return fail(v1.NotReady, "the frozen generation is still being filled; GET it to see how far it is")
	case errors.Is(err, projections.ErrFreezeRunning):
		return fail(v1.FreezeRunning, "this list is being frozen as of another position")
	case errors.Is(err, projections.ErrTooManyFrozen):
		return fail(v1.FreezeRunning, "as many frozen generations of this list are kept as may be")
	case errors.Is(err, projections.ErrRebuildRunning):
		return fail(v1.RebuildRunning, "this read model is being rebuilt already")
	case errors.Is(err, projections.ErrNoRebuild):
		return fail(v1.RebuildNotRunning, "no rebuild of this read model is running")
	case errors.Is(err, projections.ErrFirstBuild):
		return fail(v1.FirstBuild, "the read model is being built for the first time, nothing could be read without it")
	case errors.Is(err, projections.ErrNothingKept):
		return fail(v1.NothingKept, "no earlier generation of this read model is kept")
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
