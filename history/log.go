package history

import (
	"context"
	"errors"

	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// Log is the event store as it is read here.
type Log interface {
	Read(ctx context.Context, query eventstore.Query) ([]eventstore.Record, error)
}

// History reads a log.
type History struct{ log Log }

// New makes the history of a log.
func New(log Log) *History { return &History{log} }

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
