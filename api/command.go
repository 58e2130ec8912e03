package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
	"ordermill/eventstore"
	"ordermill/internal/strictjson"
)

// anonymous acts for everybody as long as there are no keys.
const anonymous = "anonymous"

// Request is what every command brings beside its path. (Exported only because huma skips what is not.)
type Request struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"1 to 255 printable characters, quoted or bare: the same key and body again get the same answer, and nothing is done twice"`
	Traceparent    string `header:"traceparent" doc:"W3C Trace Context; kept with the events"`
	RawBody        []byte `contentType:"application/json"`
	path           string
	media          string // of the body, one of those that the operation takes
}

// Resolve keeps the path, which is part of an idempotency key's scope, and the body's media type.
func (r *Request) Resolve(ctx huma.Context) []error {
	r.path = ctx.URL().Path
	r.media, _, _ = mime.ParseMediaType(ctx.Header("Content-Type")) // strict has checked it
	return nil
}

func (r *Request) request() *Request { return r }

// skuRequest and orderRequest are commands to something that stands in the path.
type (
	skuRequest struct {
		Request
		SKU string `path:"sku" pattern:"^[A-Za-z0-9._:-]{1,64}$"`
	}
	orderRequest struct {
		Request
		ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"order id"`
	}
)

// answer is what a command sends back; Body is sent as it is.
type answer struct {
	Status   int
	Type     string `header:"Content-Type" hidden:"true"`
	Location string `header:"Location"`
	Position string `header:"X-Position" doc:"of the last event that the command wrote or, if all was done already, of what it is about"`
	Replayed string `header:"Idempotency-Replayed" doc:"true: this is the stored answer to an earlier request with the same key"`
	Applied  string `header:"Preference-Applied" doc:"wait=N, if the answer waited for the checkout to settle"`
	Body     []byte
}

// options are what sets one command apart from others.
type options struct {
	needsKey   bool // twice is not the same as once
	anyBody    bool // the Desk reads the body itself
	lines      bool // such bodies may also come many at once, one a line
	mayBeEmpty bool // no body is an empty object
	also       int  // another status that the answer may have; 0: none
}

// command registers a POST with a strict body of type In, whose answer is rendered once, as an Out, and kept.
func command[In, Out any, I any, R interface {
	*I
	request() *Request
}](a *API, op huma.Operation, o options,
	act func(context.Context, R, In, app.Call) (app.Answer, error), render func(result any) reply[Out]) {
	schema := huma.SchemaFromType(a.schemas, reflect.TypeFor[In]())
	op.Method = http.MethodPost
	op.SkipValidateBody = true
	op.MaxBodyBytes = -1 // strict has read it already
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	if o.lines {
		op.RequestBody.Content[linesType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: "one body a line"}}
	}
	op.Responses = map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): a.response(reflect.TypeFor[Out](), "As decided")}
	if o.also != 0 {
		op.Responses[strconv.Itoa(o.also)] = a.response(reflect.TypeFor[Out](), "As it is: the same command was decided before")
	}
	handle(a, op, func(ctx context.Context, in *I) (*answer, error) {
		r := R(in).request()
		key, refusal := idempotencyKey(r.IdempotencyKey, anonymous+" POST "+r.path, r.RawBody)
		if refusal != nil {
			return nil, refusal
		}
		if o.needsKey && key == nil {
			return nil, fail(v1.IdempotencyKeyMissing, "send a header Idempotency-Key, so that trying again does not do it twice")
		}
		var body In
		if err := a.read(r.RawBody, schema, &body, o); err != nil {
			return nil, err
		}
		done, err := act(ctx, R(in), body, app.Call{
			Actor: anonymous, Key: key, Traceparent: validTraceparent(r.Traceparent),
			Respond: func(result any) []byte { return render(result).kept() },
		})
		if err != nil {
			return nil, err
		}
		out, err := a.answerOf(ctx, done)
		if w, ok := any(in).(interface{ seconds() int }); err == nil && ok && w.seconds() > 0 {
			if a.settled(ctx, done.Position, time.Duration(w.seconds())*time.Second) {
				out.Applied = fmt.Sprintf("wait=%d", w.seconds())
			}
		}
		return out, err
	})
	op.RequestBody.Content[jsonType].Schema = schema // huma only saw bytes
	op.RequestBody.Required = !o.mayBeEmpty
}

// read reads a body as strictly as the contract asks: malformed is 400, well-formed but out of range 422.
func (a *API) read(raw []byte, schema *huma.Schema, into any, o options) error {
	if o.anyBody {
		return nil
	}
	if len(raw) == 0 && o.mayBeEmpty {
		return nil
	}
	if err := strictjson.Scan(raw); err != nil {
		return err
	}
	if err := strictjson.Decode(raw, into); err != nil {
		return err
	}
	if errs := a.validator.check(schema, raw); len(errs) > 0 {
		return fail(v1.ValidationFailed, "a member is missing or out of range; errors names each", errs...)
	}
	return nil
}

func (a *API) answerOf(ctx context.Context, done app.Answer) (*answer, error) {
	status, location, body, err := unkeep(done.Body)
	if err != nil {
		return nil, err
	}
	out := &answer{Status: status, Type: "application/json", Location: location, Body: body}
	position := done.Position
	if position == 0 {
		position = a.lastPosition(ctx, location)
	}
	if position > 0 {
		out.Position = strconv.FormatInt(position, 10)
	}
	if done.Replayed {
		out.Replayed = "true"
	}
	return out, nil
}

// lastPosition is that of the last event of the resource at a location, for a command that found everything done already;
// 0 if it cannot be told, which is no reason to fail what has been answered.
func (a *API) lastPosition(ctx context.Context, location string) int64 {
	parts := strings.Split(location, "/") // "", v1, orders, {id}
	category, ok := map[string]string{"orders": order.Category, "inventory": inventory.Category, "products": product.Category}[parts[2]]
	if !ok {
		return 0
	}
	if len(parts) > 4 { // /v1/orders/{id}/payment
		category = payment.Category
	}
	ctx, cancel := context.WithTimeout(ctx, answerAtMost)
	defer cancel()
	last, err := a.Events.Read(ctx, eventstore.Query{Stream: eventstore.Stream(category, parts[3]), Latest: true, Limit: 1})
	if err != nil || len(last) == 0 {
		return 0
	}
	return last[0].Position
}

// response describes a JSON answer.
func (a *API) response(body reflect.Type, description string) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{
		"application/json": {Schema: huma.SchemaFromType(a.schemas, body)}}}
}

var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// validTraceparent drops what breaks the form, as W3C Trace Context says.
func validTraceparent(header string) string {
	if traceparent.MatchString(header) {
		return header
	}
	return ""
}

// handle registers an operation whose errors become problems. A query is answered in time.
func handle[I, O any](a *API, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{Description: "A problem; /problems explains each code", Content: map[string]*huma.MediaType{
		v1.ProblemMediaType: {Schema: a.schemas.Schema(reflect.TypeFor[problem](), true, "")}}}
	if op.Method == http.MethodGet {
		do = timely(do)
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return out, nil
	})
}
