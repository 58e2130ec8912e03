package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/projections"
)

// rebuildRequest is how a rebuild is asked for.
type rebuildRequest struct {
	Operation
	DryRun     bool   `query:"dry_run" doc:"build, compare with the live generation, and drop what was built; GET the rebuild for the comparison"`
	MaxChanges string `query:"max_changes" pattern:"^(0|[1-9][0-9]{0,17})$" doc:"refuse to go live with more differences from the live generation than this; without it nothing is compared, and any number is fine"`
}

func (r *rebuildRequest) options() (all []projections.RebuildOption, err error) {
	if r.DryRun {
		all = append(all, projections.DryRun())
	}
	if r.MaxChanges != "" {
		n, err := strconv.ParseInt(r.MaxChanges, 10, 64)
		if err != nil {
			return nil, err // the pattern lets through what fits
		}
		all = append(all, projections.MaxChanges(n))
	}
	return all, nil
}

// rowRequest names one row of a read model.
type rowRequest struct {
	Operation
	Key string `path:"key" pattern:"^[A-Za-z0-9._:-]{1,200}$" doc:"of the row: an order's id, a SKU"`
}

// verifyRequest is how a comparison is asked for.
type verifyRequest struct {
	Operation
	Repair bool `query:"repair" doc:"fold each row that differs from its own streams, and write it"`
}

func (a *API) registerChecks() {
	act(a, "/v1/projections/{name}/rebuild", "start-rebuild", "Build a read model anew beside the live one, then cut over", http.StatusAccepted, timely(a.startRebuild))
	act(a, "/v1/projections/{name}/rows/{key}/rebuild", "rebuild-row", "Fold one row from its streams, and write it if it differs", http.StatusOK, timely(a.rebuildRow))
	act(a, "/v1/projections/{name}/verify", "verify-projection", "Compare a read model with a fold of the log, and mend it if asked", http.StatusOK, a.verify)
}

// asking is an operation on a read model, with whatever else it is asked with.
type asking interface{ key() string }

func (o *Operation) key() string { return o.IdempotencyKey }

// act registers an operation on a read model that has no body.
func act[I, O any, P interface {
	*I
	asking
}](a *API, path, id, summary string, status int, do func(context.Context, *I) (*O, error)) {
	op := huma.Operation{Method: http.MethodPost, Path: path, OperationID: id, Tags: []string{"operations"}, Summary: summary,
		DefaultStatus: status, Middlewares: huma.Middlewares{a.bodiless, unhurried}}
	handle(a, op, func(ctx context.Context, in *I) (*O, error) {
		if _, refusal := idempotencyKey(P(in).key(), anonymous, nil); refusal != nil {
			return nil, refusal
		}
		return do(ctx, in)
	})
}

func (a *API) startRebuild(ctx context.Context, in *rebuildRequest) (*accepted, error) {
	model, err := a.ReadModels.Find(in.Name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	options, err := in.options()
	if err != nil {
		return nil, err
	}
	if err := model.Rebuild(ctx, options...); err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	body, err := a.rebuild(ctx, in.Name)
	return &accepted{Location: "/v1/projections/" + in.Name + "/rebuild", Body: body}, err
}

func (a *API) rebuildRow(ctx context.Context, in *rowRequest) (*One[v1.RebuiltRow], error) {
	model, err := a.ReadModels.Find(in.Name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	mended, err := model.Mend(ctx, in.Key)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	return &One[v1.RebuiltRow]{Body: v1.RebuiltRow{Name: in.Name, Key: in.Key, Outcome: string(mended.Was), Generation: mended.Generation,
		Position: mended.Position, Count: mended.Count, Differences: differences(mended.Report)}}, nil
}

func (a *API) verify(ctx context.Context, in *verifyRequest) (*One[v1.Verification], error) {
	model, err := a.ReadModels.Find(in.Name)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	if !in.Repair {
		report, err := model.Verify(ctx)
		if err != nil {
			return nil, a.queryFailed(ctx, err)
		}
		return &One[v1.Verification]{Body: verification(in.Name, report)}, nil
	}
	repaired, err := model.Repair(ctx)
	if err != nil {
		return nil, a.queryFailed(ctx, err)
	}
	body := verification(in.Name, repaired.Report)
	body.Repair = &v1.Repair{Mended: repaired.Mended, LeftCount: repaired.LeftCount, Left: []v1.LeftRow{}}
	for _, left := range repaired.Left {
		body.Repair.Left = append(body.Repair.Left, v1.LeftRow{Key: left.Key, Why: left.Why})
	}
	return &One[v1.Verification]{Body: body}, nil
}

func verification(name string, r projections.Report) v1.Verification {
	return v1.Verification{Name: name, OK: r.Count == 0, Generation: r.Generation, Position: r.Position,
		Rows: r.Rows, Parked: r.Parked, Count: r.Count, Differences: differences(r)}
}

func differences(r projections.Report) []v1.Difference {
	all := make([]v1.Difference, len(r.Differences))
	for i, d := range r.Differences {
		all[i] = v1.Difference{Key: d.Key, Column: d.Column, Live: d.Live, Folded: d.Folded}
	}
	return all
}

// verified is the last comparison of a read model; nil if there was none.
func verified(v projections.Verified) *v1.Verified {
	if v.At.IsZero() {
		return nil
	}
	return &v1.Verified{At: v.At, Generation: v.Generation, Position: v.Position, Differences: v.Differences, Mended: v.Mended, Error: v.Error}
}
