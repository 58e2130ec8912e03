package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"ordermill/api/v1"
	"ordermill/internal/strictjson"
	"ordermill/projections"
)

type nothing struct{}

// Named names a read model. (Exported only because huma skips what is not.)
type Named struct {
	Name string `path:"name" pattern:"^[a-z_]{1,64}$" doc:"one of those that GET /v1/projections lists"`
}

// operation is a POST without a body that acts on a read model.
type operation struct {
	Named
	IdempotencyKey string `header:"Idempotency-Key" doc:"accepted, and not needed: asking twice does nothing twice"`
}

// accepted is the answer to what goes on behind it.
type accepted struct {
	Location string `header:"Location"`
	Body     v1.Rebuild
}

func (a *API) registerOperations() {
	handle(a, get("/livez", "operations", "livez", "Is the process alive?"),
		func(context.Context, *nothing) (*One[v1.Health], error) {
			return &One[v1.Health]{Body: v1.Health{Status: "ok"}}, nil
		})
	handle(a, get("/readyz", "operations", "readyz", "Is it migrated, seeded, have the read models reached the head the log had at start, and can the database be read?"),
		func(ctx context.Context, _ *nothing) (*One[v1.Health], error) {
			if a.stopping.Err() != nil {
				return nil, fail(v1.NotReady, "this process is stopping")
			}
			if err := a.Ready(ctx); err != nil {
				return nil, fail(v1.NotReady, err.Error())
			}
			return &One[v1.Health]{Body: v1.Health{Status: "ready"}}, nil
		})

	handle(a, get("/v1/projections", "operations", "list-projections", "See how far each read model is"), a.listProjections)
	handle(a, get("/v1/projections/{name}/rebuild", "operations", "get-rebuild", "See how far the last rebuild is"),
		func(ctx context.Context, in *Named) (*One[v1.Rebuild], error) {
			rebuild, err := a.rebuild(ctx, in.Name)
			return &One[v1.Rebuild]{Body: rebuild}, err
		})
	post(a, "/v1/projections/{name}/rebuild", "start-rebuild", "Build a read model anew beside the live one, then cut over", http.StatusAccepted, timely(a.startRebuild))
	post(a, "/v1/projections/{name}/rebuild/cancel", "cancel-rebuild", "End the rebuild that runs, and leave nothing of it", http.StatusOK, timely(a.cancelRebuild))
	post(a, "/v1/projections/{name}/rollback", "rollback-projection", "Catch up the generation that was live before, then cut back to it", http.StatusAccepted, timely(a.rollback))
	post(a, "/v1/projections/{name}/verify", "verify-projection", "Compare a read model with a fold of the log", http.StatusOK, a.verify)
	handle(a, get("/v1/consumers", "operations", "list-consumers", "See who reads the log, and how far"), a.listConsumers)
	handle(a, get("/v1/relays", "operations", "list-relays", "See how far the log is published on each transport, and what is in the way"), a.listRelays)
}

// post registers an operation without a body.
func post[O any](a *API, path, id, summary string, status int, do func(context.Context, string) (*O, error)) {
	op := huma.Operation{Method: http.MethodPost, Path: path, OperationID: id, Tags: []string{"operations"}, Summary: summary,
		DefaultStatus: status, Middlewares: huma.Middlewares{a.bodiless, unhurried}}
	handle(a, op, func(ctx context.Context, in *operation) (*O, error) {
		if _, refusal := idempotencyKey(in.IdempotencyKey, anonymous, nil); refusal != nil {
			return nil, refusal
		}
		return do(ctx, in.Name)
	})
}

// bodiless lets no body through but an empty object, which some clients cannot help sending.
func (a *API) bodiless(ctx huma.Context, next func(huma.Context)) {
	body, err := io.ReadAll(ctx.BodyReader())
	if err == nil && len(body) > 0 {
		if err = strictjson.Scan(body); err == nil {
			err = strictjson.Decode(body, &nothing{})
		}
	}
	if err != nil {
		a.problemOf(ctx.Context(), err).write(humagin.Unwrap(ctx))
		return
	}
	next(ctx)
}

// unhurried lifts the server's write deadline for one request: comparing a long log takes as long as it takes.
func unhurried(ctx huma.Context, next func(huma.Context)) {
	_ = http.NewResponseController(humagin.Unwrap(ctx).Writer).SetWriteDeadline(time.Time{}) // none to lift is fine
	next(ctx)
}

func (a *API) listProjections(ctx context.Context, in *Paging) (*Page[v1.Projection], error) {
	statuses, err := a.ReadModels.Statuses(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	items := make([]v1.Projection, len(statuses))
	for i, s := range statuses {
		items[i] = v1.Projection{Name: s.Name, CodeVersion: s.Version, Generation: s.Generation, Position: s.Position, Lag: s.Lag, Parked: s.Parked,
			Status: s.Status, KeptGeneration: s.Kept, KeptUntil: timeOf(s.KeptUntil), Error: s.Error}
	}
	return pageOf("/v1/projections", in, items, func(p v1.Projection) string { return p.Name })
}

func (a *API) rebuild(ctx context.Context, name string) (v1.Rebuild, error) {
	model, err := a.ReadModels.Find(name)
	if err != nil {
		return v1.Rebuild{}, a.queryFailed(ctx, err)
	}
	p, err := model.Progress(ctx)
	if err != nil {
		return v1.Rebuild{}, a.queryFailed(ctx, err)
	}
	return rebuild(p), nil
}

func rebuild(p projections.Progress) v1.Rebuild {
	r := v1.Rebuild{Name: p.Projection, Generation: p.Generation, Status: p.Status, EventsDone: p.EventsDone, EventsTotal: p.EventsTotal,
		EventsPerSecond: p.PerSecond, StartedAt: timeOf(p.StartedAt), FinishedAt: timeOf(p.FinishedAt), Error: p.Error}
	if p.ETA > 0 {
		seconds := int64(p.ETA / time.Second)
		r.ETASeconds = &seconds
	}
	return r
}

func (a *API) startRebuild(ctx context.Context, name string) (*accepted, error) {
	model, err := a.ReadModels.Find(name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	if err := model.Rebuild(ctx); err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	body, err := a.rebuild(ctx, name)
	return &accepted{Location: "/v1/projections/" + name + "/rebuild", Body: body}, err
}

func (a *API) cancelRebuild(ctx context.Context, name string) (*One[v1.Rebuild], error) {
	model, err := a.ReadModels.Find(name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	if err := model.Cancel(ctx); err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	body, err := a.rebuild(ctx, name)
	return &One[v1.Rebuild]{Body: body}, err
}

func (a *API) rollback(ctx context.Context, name string) (*accepted, error) {
	model, err := a.ReadModels.Find(name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	if err := model.Rollback(ctx); err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	body, err := a.rebuild(ctx, name)
	return &accepted{Location: "/v1/projections/" + name + "/rebuild", Body: body}, err
}

func (a *API) verify(ctx context.Context, name string) (*One[v1.Verification], error) {
	model, err := a.ReadModels.Find(name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	report, err := model.Verify(ctx)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	out := v1.Verification{Name: name, OK: report.Count == 0, Generation: report.Generation, Position: report.Position,
		Rows: report.Rows, Parked: report.Parked, Count: report.Count, Differences: []v1.Difference{}}
	for _, d := range report.Differences {
		out.Differences = append(out.Differences, v1.Difference{Key: d.Key, Column: d.Column, Live: d.Live, Folded: d.Folded})
	}
	return &One[v1.Verification]{Body: out}, nil
}

// timeOf is nil for the zero time, which means that there is none.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// millis is the time of ms since 1970; nil for 0, which means that there is none.
func millis(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	return timeOf(time.UnixMilli(ms))
}
