package api

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// answerAtMost bounds what asks the database directly. Package app bounds commands likewise; what streams, compares or was
// told to wait ends by rules of its own.
const answerAtMost = 10 * time.Second

// errNoAnswer: a database that neither answers nor hangs up is away, as far as a client is concerned.
var errNoAnswer = errors.New("the database has not answered in time")

// timely ends do, with errNoAnswer, when it takes longer than a database that is well ever takes.
func timely[In, Out any](do func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, answerAtMost, errNoAnswer)
		defer cancel()
		out, err := do(ctx, in)
		if cause := context.Cause(ctx); err != nil && errors.Is(cause, errNoAnswer) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return out, err
	}
}
