package app

import (
	"context"
	"errors"
)

// errNotKept tells that nothing is kept under a call's key yet.
var errNotKept = errors.New("no answer is kept under this key")

// Recall finds the answer that is kept under a call's key, if it has one. ErrKeyReused: the key stands for another request.
func (d *Desk) Recall(ctx context.Context, call Call) (kept Answer, found bool, err error) {
	if call.Key == nil {
		return Answer{}, false, nil
	}
	kept, err = d.do(ctx, call, Command{Decide: func(*Decision) (any, error) { return nil, errNotKept }})
	if errors.Is(err, errNotKept) {
		return Answer{}, false, nil
	}
	return kept, err == nil, err
}

// Batch answers one request that is made of many commands. run decides them, each under a key of its own if the call has one,
// and returns the result of the whole with the position of its last event; Batch keeps the answer under the call's key. A run
// that fails keeps nothing, so the same request again runs again: that is harmless because of the keys of its commands.
func (d *Desk) Batch(ctx context.Context, call Call, run func() (result any, position int64, err error)) (Answer, error) {
	if kept, found, err := d.Recall(ctx, call); found || err != nil {
		return kept, err
	}
	result, position, err := run()
	if err != nil {
		return Answer{}, err
	}
	if call.Key == nil {
		return Answer{Body: call.Respond(result), Position: position, Result: result}, nil
	}
	kept, err := d.do(ctx, call, Command{Decide: func(*Decision) (any, error) { return result, nil }})
	kept.Position = position // keeping it wrote no event
	return kept, err
}
