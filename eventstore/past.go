package eventstore

import (
	"context"
	"iter"
	"slices"
	"time"
)

// Reader is a log that can be read. A Store is one.
type Reader interface {
	Read(ctx context.Context, query Query) ([]Record, error)
}

// PositionAt is the position of the last record that was recorded at a time or before it; 0 if there is none. Records are never
// earlier than those before them, so what had happened by then is all up to that position, and halving finds it.
func PositionAt(ctx context.Context, log Reader, at time.Time) (int64, error) {
	last, err := log.Read(ctx, Query{Latest: true, Limit: 1})
	if err != nil || len(last) == 0 {
		return 0, err
	}
	before, after := int64(0), last[0].Position+1 // before was recorded by then, after was not
	for after-before > 1 {
		middle := before + (after-before)/2
		found, err := log.Read(ctx, Query{After: middle - 1, Limit: 1})
		if err != nil {
			return 0, err
		}
		if len(found) > 0 && !found[0].RecordedAt.After(at) {
			before = middle
		} else {
			after = middle
		}
	}
	return before, nil
}

// streamPage is how many records of a stream are read at once: few, because most streams are short.
const streamPage = 1000

// Streams are the records of some streams up to a position, in the order of the log. An error is the last that is yielded.
func Streams(ctx context.Context, log Reader, streams []string, upTo int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var open []*reading
		for _, stream := range streams {
			open = append(open, &reading{log: log, stream: stream, more: true})
		}
		for {
			next := (*reading)(nil)
			for _, r := range open {
				if err := r.fill(ctx, upTo); err != nil {
					yield(Record{}, err)
					return
				}
				if len(r.page) > 0 && (next == nil || r.page[0].Position < next.page[0].Position) {
					next = r
				}
			}
			if next == nil || !yield(next.page[0], nil) {
				return
			}
			next.page = next.page[1:]
		}
	}
}

// reading is how far one stream has been read.
type reading struct {
	log     Reader
	stream  string
	version int64
	page    []Record
	more    bool
}

// fill reads on when nothing is left, as far as upTo.
func (r *reading) fill(ctx context.Context, upTo int64) (err error) {
	if len(r.page) > 0 || !r.more {
		return nil
	}
	r.page, err = r.log.Read(ctx, Query{Stream: r.stream, AfterVersion: r.version, Limit: streamPage})
	if err != nil {
		return err
	}
	if r.more = len(r.page) == streamPage; r.more {
		r.version = r.page[streamPage-1].Version
	}
	if end := slices.IndexFunc(r.page, func(record Record) bool { return record.Position > upTo }); end >= 0 {
		r.page, r.more = r.page[:end], false
	}
	return nil
}
