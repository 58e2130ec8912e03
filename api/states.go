package api

import (
	"context"
	"errors"

	"ordermill/api/v1"
	"ordermill/history"
	"ordermill/internal/jsondiff"
)

type streamAt struct {
	Stream  string `path:"stream" pattern:"^[a-z_]+-[A-Za-z0-9._:-]{1,64}$" doc:"<category>-<id>, such as order-123"`
	Version int64  `query:"version" minimum:"1" doc:"of the stream; its last one if this is missing"`
}

type streamBetween struct {
	Stream string `path:"stream" pattern:"^[a-z_]+-[A-Za-z0-9._:-]{1,64}$" doc:"<category>-<id>, such as order-123"`
	From   int64  `query:"from" minimum:"0" doc:"version; 0 or missing: before the first event"`
	To     int64  `query:"to" minimum:"1" doc:"version, not before from; the stream's last one if this is missing"`
}

// registerStates registers what the rules make of a stream: the states that its commands are decided on.
func (a *API) registerStates() {
	handle(a, get("/v1/streams/{stream}/state", "events", "stream-state", "See the state that a stream's events fold to, at any version"), a.streamState)
	handle(a, get("/v1/streams/{stream}/diff", "events", "stream-diff", "See in which fields the states of a stream at two versions differ"), a.streamDiff)
}

func (a *API) streamState(ctx context.Context, in *streamAt) (*One[v1.StreamState], error) {
	_, to, err := a.statesOf(ctx, in.Stream, 0, in.Version)
	if err != nil {
		return nil, err
	}
	return &One[v1.StreamState]{Body: v1.StreamState{Stream: in.Stream, Version: to.Last.Version, Position: to.Last.Position,
		RecordedAt: timeOf(to.Last.RecordedAt), State: to.JSON}}, nil
}

func (a *API) streamDiff(ctx context.Context, in *streamBetween) (*One[v1.StreamDiff], error) {
	if in.To != 0 && in.From > in.To {
		return nil, fail(v1.InvalidParameter, "from is a later version than to",
			v1.FieldError{Parameter: "from", Code: "invalid", Detail: "give a version that is not later than to"})
	}
	from, to, err := a.statesOf(ctx, in.Stream, in.From, in.To)
	if err != nil {
		return nil, err
	}
	out := v1.StreamDiff{Stream: in.Stream, From: in.From, To: to.Last.Version, Changes: []v1.FieldChange{}}
	for _, c := range jsondiff.Of(from.JSON, to.JSON) {
		out.Changes = append(out.Changes, fieldChange(c))
	}
	return &One[v1.StreamDiff]{Body: out}, nil
}

// statesOf are a stream's states at two versions. A to of 0 is its last one.
func (a *API) statesOf(ctx context.Context, stream string, from, to int64) (before, after history.State, err error) {
	latest, err := a.History.Latest(ctx, stream)
	if err == nil {
		if to == 0 {
			to = max(latest, from)
		}
		var found []history.State
		if found, err = a.History.States(ctx, stream, from, to); err == nil {
			return found[0], found[1], nil
		}
	}
	switch {
	case errors.Is(err, history.ErrUnknownCategory):
		err = fail(v1.UnknownCategory, "no rules fold streams of this category, so there is no state; GET the stream for its events")
	case errors.Is(err, history.ErrNotReached):
		p := fail(v1.NotReached, "the stream has no such version yet; latest tells its last one")
		p.Extra = map[string]any{"latest": latest}
		err = p
	case errors.Is(err, history.ErrUnreadable):
		err = a.logged(ctx, err, v1.UnreadableEvent, "an event of this stream cannot be folded, or a newer program wrote it; GET the stream for its events")
	default:
		err = a.historyFailed(ctx, err, "no stream has this name")
	}
	return before, after, err
}
