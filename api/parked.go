package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/eventstore/subscription"
)

// shownPositions bounds how many skipped positions of a parked key are listed.
const shownPositions = 100

// ParkedPath names a parked key. (Exported only because huma skips what is not.)
type ParkedPath struct {
	Consumer       string `path:"consumer" pattern:"^[a-z0-9_.-]{1,64}$" doc:"as GET /v1/parked names it"`
	Key            string `path:"key" pattern:"^[A-Za-z0-9._:-]{1,100}$"`
	IdempotencyKey string `header:"Idempotency-Key" doc:"accepted, and not needed: asking twice does nothing twice"`
}

type discardRequest struct {
	ParkedPath
	RawBody []byte `contentType:"application/json"`
}

// askedFor is the answer to what a consumer's owner will do in a moment.
type askedFor struct{ Body v1.ParkedAsked }

func (a *API) registerParked() {
	handle(a, get("/v1/parked", "operations", "list-parked", "List the keys that consumers could not handle, and what they skip"), a.listParked)

	retry := huma.Operation{Method: http.MethodPost, Path: "/v1/parked/{consumer}/{key}/retry", OperationID: "retry-parked", Tags: []string{"operations"},
		Summary:       "Replay what was skipped for a parked key, in order",
		Description:   "The consumer's owner, in whichever copy it runs, does it within about a second. If it fails again, the key stays parked with the new error.",
		DefaultStatus: http.StatusAccepted, Middlewares: huma.Middlewares{a.bodiless}}
	handle(a, retry, func(ctx context.Context, in *ParkedPath) (*askedFor, error) {
		return a.ask(ctx, in, subscription.Retry, "")
	})

	schema := huma.SchemaFromType(a.schemas, reflect.TypeFor[v1.DiscardParked]())
	discard := huma.Operation{Method: http.MethodPost, Path: "/v1/parked/{consumer}/{key}/discard", OperationID: "discard-parked", Tags: []string{"operations"},
		Summary:       "Skip for good what was skipped for a parked key, so that the key goes on",
		Description:   "A read model's row then lacks these events until it is rebuilt, and a rebuild meets them again.",
		DefaultStatus: http.StatusAccepted, SkipValidateBody: true, MaxBodyBytes: -1,
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}}
	handle(a, discard, func(ctx context.Context, in *discardRequest) (*askedFor, error) {
		var body v1.DiscardParked
		if err := a.read(in.RawBody, schema, &body, options{}); err != nil {
			return nil, err
		}
		return a.ask(ctx, &in.ParkedPath, subscription.Discard, body.Reason)
	})
	discard.RequestBody.Content["application/json"].Schema = schema // huma only saw bytes
}

func (a *API) ask(ctx context.Context, in *ParkedPath, what, reason string) (*askedFor, error) {
	if _, refusal := idempotencyKey(in.IdempotencyKey, anonymous, nil); refusal != nil {
		return nil, refusal
	}
	consumers, err := a.named(ctx)
	if err != nil {
		return nil, err
	}
	called := func(t tracked) bool { return t.name == in.Consumer }
	i := slices.IndexFunc(consumers, called)
	if i < 0 {
		return nil, fail(v1.NotFound, "no consumer has this name; GET /v1/parked lists the parked keys with theirs")
	}
	err = a.Consumers.Ask(ctx, consumers[i].Status.Name, in.Key, what, reason)
	if errors.Is(err, subscription.ErrNotParked) {
		return nil, fail(v1.NotFound, "this consumer has not parked this key, or not any more; GET /v1/parked lists those that are")
	}
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	return &askedFor{v1.ParkedAsked{Consumer: in.Consumer, Key: in.Key, Asked: what}}, nil
}

func (a *API) listParked(ctx context.Context, in *Paging) (*Page[v1.ParkedKey], error) {
	consumers, err := a.named(ctx)
	if err != nil {
		return nil, err
	}
	all, err := a.Consumers.Parked(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	var items []v1.ParkedKey
	own := map[string]string{} // the consumer's own name, by the one that people know
	for _, c := range consumers {
		own[c.name] = c.Status.Name
		for _, p := range all {
			if p.Consumer == c.Status.Name { // and none of a generation that nobody reads
				items = append(items, v1.ParkedKey{Consumer: c.name, Key: p.Key, Error: p.Error, Attempts: p.Attempts,
					ParkedAt: timeOf(p.ParkedAt), Skipped: p.Skipped, Asked: p.Asked})
			}
		}
	}
	out, err := pageOf("/v1/parked", in, items, func(p v1.ParkedKey) string { return p.Consumer + " " + p.Key })
	if err != nil {
		return nil, err
	}
	for i := range out.Body.Items {
		p := &out.Body.Items[i]
		if p.Positions, err = a.Consumers.Skipped(ctx, own[p.Consumer], p.Key, shownPositions); err != nil {
			return nil, a.readFailed(ctx, err)
		}
	}
	return out, nil
}

// tracked is a consumer under the name that people know: a read model's is its own, whichever generation is live.
type tracked struct {
	name string
	subscription.Status
}

// named lists the consumers that count, by name: reactors, and the projectors of live generations.
func (a *API) named(ctx context.Context) (all []tracked, err error) {
	consumers, err := a.Consumers.Statuses(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	models, err := a.ReadModels.Statuses(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	live := map[string]string{} // consumer -> read model
	for _, m := range models {
		consumer, _ := m.Consumers()
		live[consumer] = m.Name
	}
	for _, s := range consumers {
		if model, ok := live[s.Name]; ok {
			all = append(all, tracked{model, s})
		} else if s.Kind == "reactor" {
			all = append(all, tracked{s.Name, s})
		}
	}
	slices.SortFunc(all, func(a, b tracked) int { return strings.Compare(a.name, b.name) })
	return all, nil
}
