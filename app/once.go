package app

import (
	"context"
	"errors"
	"fmt"

	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
	"ordermill/internal/crashpoint"
)

// once runs a reactor's command so that it has its effect once, however often it is asked for: its id is its receipt. It is
// decided again until it is through.
func (q *Queue) once(ctx context.Context, reactor string, c Command) error {
	scope, decide := "reactor:"+reactor, c.Decide
	c.Patient = true
	c.Receipts = []eventstore.Receipt{{Scope: scope, Key: c.ID.String()}}
	c.Decide = func(d *Decision) (any, error) {
		result, err := decide(d)
		if len(d.events) > 0 {
			d.Respond(scope, []byte("{}"))
		}
		return result, err
	}
	crashpoint.Reach(crashpoint.BeforeReaction)
	_, err := q.Do(ctx, c)
	crashpoint.Reach(crashpoint.AfterReaction)
	return stopping(err)
}

// stopping makes of an event that is not known here, in any stream that a reactor looks at, what stops the reactor.
func stopping(err error) error {
	if errors.Is(err, codec.ErrUnknown) {
		return fmt.Errorf("%w: %w", subscription.ErrStop, err)
	}
	return err
}
