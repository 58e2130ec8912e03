package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ordermill/api/v1"
	"ordermill/eventstore"
	"ordermill/projections"
)

// Moment is the query values of every read of one row: now, or as of then.
type Moment struct {
	Fresh
	AsOf string `query:"as_of" pattern:"^([1-9][0-9]{0,18}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))$" doc:"a position of the log, or a time (RFC 3339): show what was there then, folded from the log itself; X-Projection-Position tells the position. min_position cannot stand beside it"`
}

// momentForm is what a Moment's pattern means, for those who have to mend a value.
const momentForm = "expected a position of the log, or a time such as 2026-05-01T12:00:00Z"

// view is a read model and how its rows are shown.
type view[R, T any] struct {
	rows   Rows[R]
	of     projections.Projection[R]
	render func(R) T
}

// rowOf answers a query for one row, now or as of then.
func rowOf[R, T any](ctx context.Context, a *API, in Moment, v view[R, T], key string) (*One[T], error) {
	if in.AsOf != "" {
		return rowAsOf(ctx, a, in, v, key)
	}
	if err := a.catchUp(ctx, v.rows, in.MinPosition); err != nil {
		return nil, err
	}
	found, err := v.rows.Get(ctx, key)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	return &One[T]{Position: strconv.FormatInt(found.Position, 10), Body: v.render(found.Row)}, nil
}

// rowAsOf folds the row from the log, so it is there while the read model is being built, stopped or parked.
func rowAsOf[R, T any](ctx context.Context, a *API, in Moment, v view[R, T], key string) (*One[T], error) {
	if in.MinPosition != 0 {
		return nil, alone("min_position", "as_of")
	}
	position, err := a.asOf(ctx, in.AsOf)
	if err != nil {
		return nil, err
	}
	found, err := v.of.AsOf(ctx, a.Events, key, position)
	if errors.Is(err, projections.ErrNotFound) {
		return nil, fail(v1.NotFound, "as of then, nothing with this id had been seen")
	}
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	return &One[T]{Position: strconv.FormatInt(position, 10), Body: v.render(found.Row)}, nil
}

// asOf is the position that a value of as_of names; 0 if nothing had been recorded then. It must have been reached: as of what
// is still to come, the answer would be another one later.
func (a *API) asOf(ctx context.Context, value string) (int64, error) {
	head, err := a.Events.Head(ctx)
	if err != nil {
		return 0, a.readFailed(ctx, err)
	}
	if position, err := strconv.ParseInt(value, 10, 64); err == nil {
		if position > head.Position {
			return 0, notReached("the log has not come to this position; head tells how far it is", head.Position)
		}
		return position, nil
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil { // the pattern lets through a 31st of February, and numbers beyond int64
		return 0, fail(v1.InvalidParameter, "as_of is neither a position nor a time",
			v1.FieldError{Parameter: "as_of", Code: "invalid", Detail: momentForm})
	}
	if at.After(head.RecordedAt) && at.After(time.Now()) {
		return 0, notReached("this time is still to come; without as_of, you see what is there now", head.Position)
	}
	position, err := eventstore.PositionAt(ctx, a.Events, at)
	if err != nil {
		return 0, a.readFailed(ctx, err)
	}
	return position, nil
}

// notReached says what there is instead of what is still to come.
func notReached(detail string, head int64) *problem {
	p := fail(v1.NotReached, detail)
	p.Extra = map[string]any{"head": head}
	return p
}
