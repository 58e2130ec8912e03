package projections

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
)

// Projection defines a read model whose rows are of type R: plain data that survives a round trip through JSON.
type Projection[R any] struct {
	Name string
	// Version of the code. Raise it when Keys, Fold, R, Columns or Schema change: each version has a pointer of its own, so
	// that the new code builds its generation while the old code still reads the one it understands.
	Version int64
	// Schema makes the tables of one generation. Every name in it ends with {{generation}}, and indexes are made IF NOT
	// EXISTS, after the rows are loaded. The rows' table is <Name>_{{generation}} with the columns key, shown, body and
	// those of Columns. Statements end with a semicolon, and comments hold none.
	Schema string
	// Keys names the rows that a record changes.
	Keys subscription.Keys
	// Streams names the streams that a key's row is folded from, all of them, so that one row can be folded without the rest of
	// the log. Nil if a key does not tell: such rows have no past, see AsOf.
	Streams func(key string) []string
	// Fold is the row after the event. It is pure, gives the old row up as append gives up a slice, and starts from the zero
	// R. If it panics, its key is parked.
	Fold func(row R, event Event) R
	// Shown tells whether queries see the row; nil means always. Some rows must be folded before there is anything to show.
	Shown func(R) bool
	// Columns are what queries sort and filter by.
	Columns []Column[R]
	// Order is that of List.
	Order Order
}

// Event is a record and the domain's event that it holds.
type Event struct {
	eventstore.Record
	Fact decider.Event
}

// StreamID is the id of the event's stream: an order's id, a SKU.
func (e Event) StreamID() string {
	_, id, _ := strings.Cut(e.Stream, "-")
	return id
}

// Column is an extra column of the rows' table.
type Column[R any] struct {
	Name  string
	Value func(R) any // as database/sql takes it
}

// Order sorts a list by a bigint column and then by key, or by key alone when Column is empty.
type Order struct {
	Column     string
	Descending bool
}

// Categories are those of the streams whose id is their rows' key: an order's id, a SKU. Most projections are made of some.
type Categories []string

// Keys keys a record by its stream's id, if the stream is of one of the categories.
func (c Categories) Keys(record eventstore.Record) ([]string, error) {
	category, id, err := eventstore.SplitStream(record.Stream)
	if err != nil || !slices.Contains(c, category) {
		return nil, err
	}
	return []string{id}, nil
}

// Streams are those with the key as their id.
func (c Categories) Streams(key string) []string {
	streams := make([]string, len(c))
	for i, category := range c {
		streams[i] = eventstore.Stream(category, key)
	}
	return streams
}

// fold is the one way by which a row comes to be: live, rebuilt, verified and as of a position. It returns how many deliveries it folded; with
// an error, deliveries[folded] is the one that can not be, and the row is spoilt. ErrStop means the event is not known here.
func (p *Projection[R]) fold(row R, deliveries []subscription.Delivery) (after R, folded int, err error) {
	for _, d := range deliveries {
		if row, err = p.foldOne(row, d.Record); err != nil {
			return row, folded, notFolded(d.Record, err)
		}
		folded++
	}
	return row, folded, nil
}

// notFolded says which record it was.
func notFolded(record eventstore.Record, err error) error {
	return fmt.Errorf("event %s at position %d: %w", record.Type, record.Position, err)
}

func (p *Projection[R]) foldOne(row R, record eventstore.Record) (after R, err error) {
	fact, err := codec.Decode(record)
	return p.apply(row, record, fact, err)
}

// apply folds a record that has been decoded, or could not be.
func (p *Projection[R]) apply(row R, record eventstore.Record, fact decider.Event, undecoded error) (after R, err error) {
	if errors.Is(undecoded, codec.ErrUnknown) {
		return row, fmt.Errorf("%w: %w", subscription.ErrStop, undecoded)
	}
	if undecoded != nil {
		return row, undecoded
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fold panicked: %v", p)
		}
	}()
	return p.Fold(row, Event{record, fact}), nil
}

// decode reads a stored row; nothing stored is the zero row.
func decode[R any](body []byte) (row R, err error) {
	if body == nil {
		return row, nil
	}
	if err := json.Unmarshal(body, &row); err != nil {
		return row, fmt.Errorf("stored row: %w", err)
	}
	return row, nil
}

// encode makes the values of a row's columns, in the order of the table's.
func (p *Projection[R]) encode(key string, row R) ([]any, error) {
	var body strings.Builder // json.Marshal would be two copies more of what is most of a row
	if err := json.NewEncoder(&body).Encode(row); err != nil {
		return nil, fmt.Errorf("row %q: %w", key, err)
	}
	values := append(make([]any, 0, fixedColumns+len(p.Columns)), key, p.Shown == nil || p.Shown(row), strings.TrimSuffix(body.String(), "\n"))
	for _, c := range p.Columns {
		values = append(values, c.Value(row))
	}
	return values, nil
}
