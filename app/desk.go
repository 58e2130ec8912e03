package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/decider"
	"ordermill/eventstore"
)

// Desk takes commands from clients.
type Desk struct {
	queue    *Queue
	store    *eventstore.Store
	currency string // of the store, where neither a letter nor an order names one
	timing   Timing
	provider Provider
	log      *slog.Logger
	twins    twins
}

// NewDesk makes the desk of a store with this currency (ISO 4217).
func NewDesk(queue *Queue, store *eventstore.Store, currency string, timing Timing, provider Provider, log *slog.Logger) *Desk {
	return &Desk{queue: queue, store: store, currency: currency, timing: timing, provider: provider, log: log, twins: twins{inFlight: map[eventstore.ReceiptKey]chan struct{}{}}}
}

// Call says how a command came in and how its answer is kept.
type Call struct {
	Actor       string           // key id or "anonymous", never a person
	Key         *IdempotencyKey  // nil: none given
	Traceparent string           // W3C Trace Context, or ""
	Respond     func(any) []byte // renders the result as the bytes that are answered now and kept for replays; pure; nil: nothing to render
}

// IdempotencyKey is a client's word that the same request again is the same request.
type IdempotencyKey struct {
	Scope, Key  string
	Fingerprint []byte // of the request's body
}

// Answer is what a command's caller is told.
type Answer struct {
	Body     []byte // what Respond gave, or the bytes that were kept
	Position int64  // of the last event the command wrote; 0 if none
	Replayed bool   // Body was kept from an earlier call with the same key; nothing was written now
	Result   any    // what Respond was given; nil when Replayed
}

// rendered is a result with the answer made of it.
type rendered struct {
	result any
	body   []byte
}

// do runs a command for a call: its metadata, its key and its answer are added to it.
func (d *Desk) do(ctx context.Context, call Call, c Command) (Answer, error) {
	if c.ID == uuid.Nil {
		c.ID = uuid.Must(uuid.NewV7())
	}
	c.Meta.Actor, c.Meta.Traceparent, c.Meta.AppVersion = call.Actor, call.Traceparent, appVersion
	if call.Key != nil {
		leave, err := d.twins.enter(ctx, eventstore.ReceiptKey{Scope: call.Key.Scope, Key: call.Key.Key})
		if err != nil {
			return Answer{}, err
		}
		defer leave()
		c.Receipts = append([]eventstore.Receipt{{Scope: call.Key.Scope, Key: call.Key.Key, Fingerprint: call.Key.Fingerprint}}, c.Receipts...)
	}
	decide := c.Decide
	c.Decide = func(decision *Decision) (any, error) {
		result, err := decide(decision)
		if err != nil || call.Respond == nil {
			return rendered{result: result}, err
		}
		body := call.Respond(result)
		if call.Key != nil {
			decision.Respond(call.Key.Scope, body)
		}
		return rendered{result, body}, nil
	}
	done, err := d.queue.Do(ctx, c)
	if err != nil {
		return Answer{}, err
	}
	if done.Replayed {
		return Answer{Body: done.Receipts[0].Response, Position: done.Position, Replayed: true}, nil
	}
	r := done.Result.(rendered)
	return Answer{Body: r.body, Position: done.Position, Result: r.result}, nil
}

// millis is a decision's time as events carry it.
func millis(t time.Time) int64 { return t.UnixMilli() }

// under puts a pointer before those of a refusal's errors: a letter's order stands under /payload.
func under(pointer string, err error) error {
	refusal, ok := err.(*decider.Refusal)
	if !ok {
		return err
	}
	moved := *refusal
	moved.Errors = nil
	for _, e := range refusal.Errors {
		e.Pointer = pointer + e.Pointer
		moved.Errors = append(moved.Errors, e)
	}
	return &moved
}
