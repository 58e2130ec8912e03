package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/decider"
	"ordermill/internal/strictjson"
)

// linesType is the media type of bodies that are one object a line.
const linesType = "application/x-ndjson"

// maxLetters is how many letters a body may hold: each is a commit of its own, and an answer has to go out in 30 seconds.
const maxLetters = 1000

// line is a line of a body that is not blank.
type line struct {
	number int // from 1, blank ones counted
	text   []byte
}

func linesOf(body []byte) (lines []line) {
	for i, text := range bytes.Split(body, []byte("\n")) {
		if text = bytes.Trim(text, " \t\r"); len(text) > 0 {
			lines = append(lines, line{i + 1, text})
		}
	}
	return lines
}

// sendLines decides the letters of a body one after another.
func (a *API) sendLines(ctx context.Context, call app.Call, body []byte) (app.Answer, error) {
	lines := linesOf(body)
	if len(lines) == 0 {
		return app.Answer{}, strictjson.Errors{{Code: strictjson.Empty, Detail: "no line holds a letter"}}
	}
	if len(lines) > maxLetters {
		return app.Answer{}, fail(v1.ValidationFailed, "the body holds too many letters; send them in several",
			v1.FieldError{Code: "too-many", Detail: fmt.Sprintf("must have at most %d lines", maxLetters)})
	}
	if !slices.ContainsFunc(lines, func(l line) bool { return strictjson.Scan(l.text) == nil }) {
		return app.Answer{}, strictjson.Scan(lines[0].text)
	}
	return a.Desk.Batch(ctx, call, func() (any, int64, error) {
		accepted := v1.MessagesAccepted{Items: make([]v1.LineAccepted, len(lines))}
		var last int64
		for i, l := range lines {
			position, err := a.sendLine(ctx, call, l, &accepted.Items[i])
			if err != nil {
				return nil, 0, err
			}
			last = max(last, position)
		}
		return accepted, last, nil
	})
}

// sendLine decides one letter, under a key of its own if the request has one. A refusal is the line's; any other error ends
// the request, and what the lines before it did is found done when it is sent again.
func (a *API) sendLine(ctx context.Context, call app.Call, l line, out *v1.LineAccepted) (position int64, err error) {
	if call.Key != nil {
		key := *call.Key
		key.Scope += " line " + strconv.Itoa(l.number)
		call.Key = &key
	}
	call.Respond = func(result any) []byte { return messageAccepted(result.(app.MessageResult)).kept() }
	done, err := a.Desk.Message(ctx, call, l.text)
	out.Line = l.number
	var refusal *decider.Refusal
	if errors.As(err, &refusal) {
		problem := a.refused(ctx, refusal)
		out.Status, out.Problem = "failed", &problem.Problem
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	_, _, body, err := unkeep(done.Body)
	if err != nil {
		return 0, err
	}
	return done.Position, json.Unmarshal(body, out) // the members have the same names
}

// describeLines adds to the description of POST /v1/messages what its types do not tell: the answer to lines.
func (a *API) describeLines() {
	ok := a.huma.OpenAPI().Paths["/v1/messages"].Post.Responses[strconv.Itoa(http.StatusAccepted)]
	ok.Content[jsonType].Schema = &huma.Schema{AnyOf: []*huma.Schema{
		huma.SchemaFromType(a.schemas, reflect.TypeFor[v1.MessageAccepted]()),
		huma.SchemaFromType(a.schemas, reflect.TypeFor[v1.MessagesAccepted]()),
	}}
}
