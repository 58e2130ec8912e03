package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

var (
	// ErrUnknownCategory: no rules of this program are about streams of the category.
	ErrUnknownCategory = errors.New("no rules are about streams of this category")
	// ErrNotReached: the stream has no such version yet.
	ErrNotReached = errors.New("the stream has no such version yet")
	// ErrUnreadable: an event of the stream cannot be folded by this program. It wraps codec.ErrUnknown if a newer one wrote it.
	ErrUnreadable = errors.New("an event of the stream cannot be folded")
)

// State is what commands on a stream are decided on, at one version of it.
type State struct {
	Last eventstore.Record // the event with that version; zero for version 0
	JSON json.RawMessage   // the state of the rules; nil for version 0
}

// folding is a state that grows by its stream's events.
type folding interface {
	evolve(decider.Event) error
	json() (json.RawMessage, error)
}

type folded[S any, E decider.Event] struct {
	state S
	fold  func(S, E) S
}

func (f *folded[S, E]) evolve(event decider.Event) error {
	e, ok := event.(E)
	if !ok {
		return fmt.Errorf("%w: %T is no event of this stream", ErrUnreadable, event)
	}
	f.state = f.fold(f.state, e)
	return nil
}

func (f *folded[S, E]) json() (json.RawMessage, error) { return json.Marshal(f.state) }

func of[S, C any, E decider.Event](d decider.Decider[S, C, E]) func() folding {
	return func() folding { return &folded[S, E]{d.Initial(), d.Evolve} }
}

// states are how the streams of each category are folded.
var states = map[string]func() folding{
	product.Category:      of(product.Decider),
	product.NameCategory:  of(product.NameDecider),
	inventory.Category:    of(inventory.Decider),
	order.Category:        of(order.Decider),
	payment.Category:      of(payment.Decider),
	payment.ClaimCategory: of(payment.ClaimDecider),
	checkout.Category:     func() folding { return &folded[checkout.State, checkout.Event]{fold: checkout.Evolve} },
}

// Latest is the version of a stream's last event: ErrNotFound if it has none.
func (h *History) Latest(ctx context.Context, stream string) (int64, error) {
	last, err := h.log.Read(ctx, eventstore.Query{Stream: stream, Latest: true, Limit: 1})
	if err != nil {
		return 0, err
	}
	if len(last) == 0 {
		return 0, ErrNotFound
	}
	return last[0].Version, nil
}

// States folds a stream from its start and returns its states at some versions, in the order in which they are asked for; 0 is
// before the first event. ErrNotFound, ErrUnknownCategory, ErrNotReached or ErrUnreadable.
func (h *History) States(ctx context.Context, stream string, versions ...int64) ([]State, error) {
	latest, err := h.Latest(ctx, stream)
	if err != nil {
		return nil, err
	}
	category, _, err := eventstore.SplitStream(stream)
	if err != nil {
		return nil, err
	}
	start, ok := states[category]
	last := slices.Max(versions)
	switch {
	case !ok:
		return nil, ErrUnknownCategory
	case last > latest:
		return nil, ErrNotReached
	}
	state, found := start(), make([]State, len(versions))
	for record, err := range eventstore.Streams(ctx, h.log, []string{stream}, math.MaxInt64) {
		if err != nil {
			return nil, err
		}
		if record.Version > last {
			break
		}
		if err := evolve(state, record); err != nil {
			return nil, err
		}
		for i, version := range versions {
			if version != record.Version {
				continue
			}
			if found[i].JSON, err = state.json(); err != nil {
				return nil, err
			}
			found[i].Last = record
		}
	}
	return found, nil
}

// evolve moves a state by a record.
func evolve(state folding, record eventstore.Record) (err error) {
	fact, err := codec.Decode(record)
	if err != nil {
		return fmt.Errorf("%w: version %d: %w", ErrUnreadable, record.Version, err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: version %d: fold panicked: %v", ErrUnreadable, record.Version, p)
		}
	}()
	return state.evolve(fact)
}
