package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/projections"
)

// PastPaging is the query values of a list that can be read as of then.
type PastPaging struct {
	Moment
	Paging
	Frozen int64 `query:"frozen" minimum:"1" doc:"read this frozen generation, which a request with as_of has made, instead of what is there now"`
}

// listed is a page of a list, or where the list as of then is going to be.
type listed struct {
	Status   int
	Location string `header:"Location" doc:"of the frozen generation, if as_of asked for one"`
	Link     string `header:"Link" doc:"rel=next: the next page; absent on the last one"`
	Position string `header:"X-Projection-Position" doc:"of the read model, when it was read; of a frozen generation, its own"`
	Body     any
}

// list registers the list of a read model, now or as of then. filters are what narrows it.
func list[R, T any, I any, Q interface {
	*I
	past() *PastPaging
	filters() filters
}](a *API, op huma.Operation, v view[R, T]) {
	op.DefaultStatus = http.StatusOK
	op.Responses = map[string]*huma.Response{
		"200": a.response(reflect.TypeFor[v1.List[T]](), "A page of the list"),
		"202": a.response(reflect.TypeFor[v1.Frozen](), "As of then: the rows are being frozen; Location tells how far that is, and where they are"),
	}
	a.lists[v.of.Name] = op.Path
	handle(a, op, func(ctx context.Context, in *I) (*listed, error) {
		q, by := Q(in).past(), Q(in).filters()
		if q.AsOf != "" {
			return a.freeze(ctx, v.of.Name, q, by)
		}
		page, err := pastPage(ctx, a, op.Path, q, by, v)
		if err != nil {
			return nil, err
		}
		return &listed{Status: http.StatusOK, Link: page.Link, Position: page.Position, Body: page.Body}, nil
	})
}

func (q *PastPaging) past() *PastPaging { return q }

// filters of a list that nothing narrows; others have their own.
func (q *PastPaging) filters() filters { return filters{} }

func pastPage[R, T any](ctx context.Context, a *API, path string, q *PastPaging, by filters, v view[R, T]) (*Page[T], error) {
	if q.Frozen == 0 {
		return rowsPage(ctx, a, path, &RowsPaging{Paging: q.Paging, Fresh: q.Fresh}, v.rows, by, v.render)
	}
	if q.MinPosition != 0 {
		return nil, alone("min_position", "frozen")
	}
	by.keepGiven("frozen", strconv.FormatInt(q.Frozen, 10))
	query := projections.Query{Limit: q.Limit, Cursor: q.Cursor, Where: by.conditions, Frozen: q.Frozen}
	page, err := rowsFound(ctx, a, path, query, v.rows, by, v.render)
	return page, gone(err)
}

// alone says that two query values do not go together.
func alone(parameter, other string) *problem {
	return fail(v1.InvalidParameter, parameter+" and "+other+" do not go together",
		v1.FieldError{Parameter: parameter, Code: "invalid", Detail: "leave it away"})
}

// freeze asks for a list as of then. All of its rows are folded, whatever narrows the list: the filters and the limit go
// along in the link to the rows.
func (a *API) freeze(ctx context.Context, name string, q *PastPaging, by filters) (*listed, error) {
	switch {
	case q.MinPosition != 0:
		return nil, alone("min_position", "as_of")
	case q.Frozen != 0:
		return nil, alone("frozen", "as_of")
	case q.Cursor != "":
		return nil, alone("cursor", "as_of")
	}
	position, err := a.asOf(ctx, q.AsOf)
	if err != nil {
		return nil, err
	}
	if position == 0 {
		return nil, fail(v1.NotFound, "as of then, nothing at all had been recorded")
	}
	model, err := a.ReadModels.Find(name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	frozen, err := model.Freeze(ctx, position)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	if q.Limit != defaultLimit {
		by.keepGiven("limit", strconv.Itoa(q.Limit))
	}
	return &listed{Status: http.StatusAccepted, Location: "/v1/projections/" + name + "/frozen/" + strconv.FormatInt(frozen.Generation, 10),
		Position: strconv.FormatInt(frozen.Position, 10), Body: a.frozen(frozen, by)}, nil
}

type frozenQuery struct {
	Named
	Frozen int64 `path:"frozen" minimum:"1"`
}

func (a *API) registerFrozen() {
	handle(a, get("/v1/projections/{name}/frozen/{frozen}", "operations", "get-frozen", "See how far a frozen generation is, and until when it is kept"),
		func(ctx context.Context, in *frozenQuery) (*One[v1.Frozen], error) {
			model, err := a.ReadModels.Find(in.Name)
			if err != nil {
				return nil, a.queryFailed(ctx, err)
			}
			found, err := model.Frozen(ctx, in.Frozen)
			if err != nil {
				return nil, gone(a.queryFailed(ctx, err))
			}
			return &One[v1.Frozen]{Body: a.frozen(found, filters{})}, nil
		})
}

// gone says of a frozen generation that is not found what has become of it.
func gone(err error) error {
	var p *problem
	if errors.As(err, &p) && p.Code == v1.NotFound {
		return fail(v1.NotFound, "there is no such frozen generation, or its hour is over; ask for the list with as_of again")
	}
	return err
}

// frozen describes a frozen generation; by is what the request for it narrowed the list with.
func (a *API) frozen(f projections.Frozen, by filters) v1.Frozen {
	by.keepGiven("frozen", strconv.FormatInt(f.Generation, 10))
	return v1.Frozen{Name: f.Projection, Frozen: f.Generation, Position: f.Position, Status: f.Status, EventsDone: f.EventsDone, StartedAt: timeOf(f.StartedAt),
		ExpiresAt: timeOf(f.ExpiresAt), Rows: a.lists[f.Projection] + "?" + by.given.Encode(), Error: f.Error}
}
