package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/internal/strictjson"
)

// problem is an error that knows how it is answered.
type problem struct {
	v1.Problem
	headers http.Header
}

// fail makes a problem of a code in the table.
func fail(code, detail string, errs ...v1.FieldError) *problem {
	k := kinds[code]
	p := &problem{Problem: v1.Problem{
		Type: "/problems/" + code, Title: k.title, Status: k.status, Detail: detail,
		Instance: "urn:uuid:" + uuid.NewString(), Code: code, Retryable: k.retryable, Errors: errs,
	}}
	if k.status == http.StatusServiceUnavailable || k.status == http.StatusConflict && k.retryable {
		p.headers = http.Header{"Retry-After": {"1"}}
	}
	return p
}

func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) GetHeaders() http.Header   { return p.headers }
func (p *problem) ContentType(string) string { return v1.ProblemMediaType }

// write answers outside huma.
func (p *problem) write(c *gin.Context) {
	for name, values := range p.headers {
		c.Writer.Header()[name] = values
	}
	c.Header("Content-Type", v1.ProblemMediaType)
	c.Status(p.Status)
	_ = json.NewEncoder(c.Writer).Encode(p) // the client may be gone
	c.Abort()
}

// problemOf turns any error into the problem it is answered with. What is no client's business is logged, not answered.
func (a *API) problemOf(ctx context.Context, err error) *problem {
	var known *problem
	var refusal *decider.Refusal
	var malformed strictjson.Errors
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		return a.refused(ctx, refusal)
	case errors.As(err, &malformed):
		return fail(v1.InvalidJSON, "the body cannot be read as it is; errors names the places", fieldErrors(malformed)...)
	case errors.Is(err, app.ErrConcurrentChange):
		return fail(v1.ConcurrentChange, "the same streams kept changing while the command was decided; nothing was written")
	case errors.Is(err, app.ErrKeyReused):
		return fail(v1.IdempotencyKeyReused, "this Idempotency-Key has answered a request with another body on this path")
	case errors.Is(err, app.ErrTwinInFlight):
		return fail(v1.IdempotencyKeyInFlight, "the first request with this Idempotency-Key has not been answered yet")
	case errors.Is(err, app.ErrClosed):
		return fail(v1.NotReady, "this process is stopping and takes no more commands")
	case errors.Is(err, app.ErrUnreadable):
		return a.logged(ctx, err, v1.UnreadableEvent, "a newer program wrote to what the command is about, and this one cannot tell what that means; nothing was written. Upgrade this program")
	case errors.Is(err, eventstore.ErrOutcomeUnknown):
		return a.logged(ctx, err, v1.OutcomeUnknown, "the database went away while it was committing; the same request is safe to send again with an Idempotency-Key")
	case errors.Is(err, eventstore.ErrUnavailable), errors.Is(err, eventstore.ErrRolledBack):
		return a.logged(ctx, err, v1.StoreUnavailable, "the database cannot be used now; nothing was written")
	case errors.Is(err, errNoAnswer):
		return a.logged(ctx, err, v1.StoreUnavailable, "the database has not answered in time")
	case ctx.Err() != nil:
		return fail(v1.RequestTimeout, "the request ended before its answer was there")
	}
	return a.logged(ctx, err, v1.InternalError, "the command or query failed in a way nobody foresaw; nothing is known to be done")
}

// readFailed is for reads of tables: whatever goes wrong there, the database is why.
func (a *API) readFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return a.logged(ctx, err, v1.StoreUnavailable, "the database cannot be read now")
}

func (a *API) logged(ctx context.Context, err error, code, detail string) *problem {
	p := fail(code, detail)
	a.Log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("code", code),
		slog.String("instance", p.Instance), slog.Any("error", err))
	return p
}

// refused renders what the domain said. A code without a row in the table is our mistake, but still an answer.
func (a *API) refused(ctx context.Context, refusal *decider.Refusal) *problem {
	code := refusal.Code
	if _, ok := kinds[code]; !ok {
		a.Log.LogAttrs(ctx, slog.LevelError, "a refusal has no row in the problem table", slog.String("code", code))
		code = v1.Refused
	}
	p := fail(code, refusal.Detail)
	p.Extra = refusal.Extra
	for _, e := range refusal.Errors {
		p.Errors = append(p.Errors, v1.FieldError{Pointer: e.Pointer, Code: e.Code, Detail: e.Detail})
	}
	return p
}

func fieldErrors(errs strictjson.Errors) []v1.FieldError {
	fields := make([]v1.FieldError, len(errs))
	for i, e := range errs {
		fields[i] = v1.FieldError{Pointer: e.Pointer, Code: e.Code, Detail: e.Detail}
	}
	return fields
}

// init sets what gin and huma keep in package variables: no debug print-outs, arrays that are never null, and our problems
// instead of huma's errors, which echo values. Bodies never reach huma's validation, so what it complains of are parameters.
func init() {
	gin.SetMode(gin.ReleaseMode)
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		if status == 0 { // huma asks for an example, to describe it
			return &problem{}
		}
		if status == http.StatusBadRequest { // its only complaint of that kind: no body where one is due
			return fail(v1.InvalidJSON, "the body is empty", v1.FieldError{Code: strictjson.Empty, Detail: "the document is empty"})
		}
		if status != http.StatusUnprocessableEntity {
			return fail(v1.InternalError, "the answer could not be made")
		}
		p := fail(v1.InvalidParameter, "a path or query value breaks its form; errors names it")
		for _, err := range errs {
			if detail, ok := err.(*huma.ErrorDetail); ok {
				p.Errors = append(p.Errors, parameterError(detail))
			}
		}
		return p
	}
}
