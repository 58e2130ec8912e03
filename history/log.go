package history

import (
	"context"
	"errors"

	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// Log is the event store as it is read here.
type Log interface {
	Read(ctx context.Context, query eventstore.Query) ([]eventstore.Record, error)
}

// Stocks knows a SKU's stock at the log's head, and the position of its last event, without folding all of its stream; the zero
// State if nothing ever happened to it.
type Stocks interface {
	Stock(ctx context.Context, sku string) (stock inventory.State, position int64, err error)
}

// History reads a log.
type History struct {
	log    Log
	stocks Stocks
}

// New makes the history of a log. stocks may be nil: what is held of a SKU is then folded from the start of its stream.
func New(log Log, stocks Stocks) *History { return &History{log, stocks} }

// ErrNotFound: nothing ever happened to what was asked about.
var ErrNotFound = errors.New("nothing happened to it")

// pageSize is how many events are read at once: few, because most of what is asked for ends soon.
const pageSize = 1000

// each visits the events of a stream after a version, in order, until visit returns false. The fact of one that this program
// cannot read is nil: whoever looks for what went wrong must still see the rest.
func (h *History) each(ctx context.Context, stream string, after int64, visit func(eventstore.Record, decider.Event) bool) error {
	for {
		page, err := h.log.Read(ctx, eventstore.Query{Stream: stream, AfterVersion: after, Limit: pageSize})
		if err != nil {
			return err
		}
		for _, record := range page {
			fact, _ := codec.Decode(record)
			if !visit(record, fact) {
				return nil
			}
			after = record.Version
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

// versionAt is the version of the last event that a stream had at a position, found by halving: the log has no index for it.
func (h *History) versionAt(ctx context.Context, stream string, position int64) (version int64, err error) {
	last, err := h.log.Read(ctx, eventstore.Query{Stream: stream, Latest: true, Limit: 1})
	if err != nil || len(last) == 0 {
		return 0, err
	}
	before, after := int64(0), last[0].Version+1 // before is at or before the position, after is not
	for after-before > 1 {
		middle := (before + after) / 2
		found, err := h.log.Read(ctx, eventstore.Query{Stream: stream, AfterVersion: middle - 1, Limit: 1})
		if err != nil {
			return 0, err
		}
		if len(found) > 0 && found[0].Position <= position {
			before = middle
		} else {
			after = middle
		}
	}
	return before, nil
}
