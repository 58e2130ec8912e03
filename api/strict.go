package api

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"ordermill/api/v1"
)

// jsonType is the media type of bodies that are one object.
const jsonType = "application/json"

// maxBody is the most bytes a body may have.
const maxBody = 1 << 20

// strict looks at every request of a known path and method before huma does.
func strict(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	refusal := checkParameters(ctx.Operation(), c.Request)
	if refusal == nil && c.Request.Method == http.MethodPost {
		refusal = readBody(ctx.Operation(), c.Writer, c.Request)
	}
	if refusal != nil {
		refusal.write(c)
		return
	}
	next(ctx)
}

// checkParameters refuses what huma and gin overlook: unknown, repeated and empty query values, broken escapes, text that
// is none, and headers of ours that stand twice or empty. The form of each known value is huma's to check.
func checkParameters(op *huma.Operation, r *http.Request) *problem {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fail(v1.InvalidParameter, "the query is not well-formed; a percent sign escapes two hexadecimal digits, and & parts values")
	}
	var known []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			known = append(known, p.Name)
		}
	}
	var errs []v1.FieldError
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		complaint := v1.FieldError{Parameter: name}
		switch {
		case !slices.Contains(known, name):
			complaint = v1.FieldError{Code: "unknown", Detail: "the query has a parameter that is not known here; " + among(known)}
		case len(values) > 1:
			complaint.Code, complaint.Detail = "repeated", "stands more than once"
		case values[0] == "" && name != "types" && name != "stream": // an empty filter filters nothing
			complaint.Code, complaint.Detail = "empty", "has no value; leave it out instead"
		case !utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0):
			complaint.Code, complaint.Detail = "not-text", "must be UTF-8 without NUL"
		default:
			continue
		}
		errs = append(errs, complaint)
	}
	if len(errs) > 0 {
		return fail(v1.InvalidParameter, "a query value breaks its form, or is not known here; errors tells which", errs...)
	}
	for _, name := range []string{"Idempotency-Key", "Last-Event-Id"} {
		if values, there := r.Header[name]; there && (len(values) > 1 || values[0] == "") {
			return fail(v1.InvalidHeader, name+" must stand once, and not be empty")
		}
	}
	return nil
}

// among names the parameters that an operation knows. The unknown one is not named: a client's text is never echoed.
func among(known []string) string {
	if len(known) == 0 {
		return "there are none"
	}
	return "these are: " + strings.Join(known, ", ")
}

// parameterError turns huma's complaint into ours, which names the parameter and never its value.
func parameterError(e *huma.ErrorDetail) v1.FieldError {
	_, name, _ := strings.Cut(e.Location, ".") // query.limit
	detail := e.Message
	if name == "as_of" { // its pattern is a riddle
		detail = momentForm
	}
	return v1.FieldError{Parameter: name, Code: "invalid", Detail: detail}
}

// readBody reads a POST's body whole, so that nothing after it has to handle a half one, and checks its media type.
func readBody(op *huma.Operation, w http.ResponseWriter, r *http.Request) *problem {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &tooLarge):
		return fail(v1.BodyTooLarge, "the body has more than 1 MiB")
	case errors.As(err, &network) && network.Timeout():
		return fail(v1.RequestTimeout, "the body did not arrive within 15 seconds")
	case err != nil:
		return fail(v1.UnreadableBody, "the connection or the body's framing broke before its end")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) > 0 && !takes(op, r.Header) {
		return fail(v1.UnsupportedMediaType, "send the body as application/json, in UTF-8, without Content-Encoding")
	}
	return nil
}

// takes reports whether an operation reads bodies of this kind: JSON, and what else it describes.
func takes(op *huma.Operation, h http.Header) bool {
	media, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset, named := parameters["charset"]
	encoding := h.Get("Content-Encoding")
	known := media == jsonType || op.RequestBody != nil && op.RequestBody.Content[media] != nil
	return err == nil && known && len(h.Values("Content-Type")) == 1 &&
		(!named || strings.EqualFold(charset, "utf-8")) && (encoding == "" || encoding == "identity")
}
