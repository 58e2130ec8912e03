package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"ordermill/domain/decider"
	"ordermill/eventstore"
)

// ErrUnknown marks an event that a newer program wrote: its type or its version is not known here. A consumer that meets one
// must stop, not skip it.
var ErrUnknown = errors.New("this program does not know the event; a newer one wrote it: upgrade this one")

// Types lists every kind of event that this program writes or reads, under the name of its newest version.
func Types() []Type { return append([]Type(nil), table...) }

var shop = newCodec(table)

// Encode writes an event down. The same event gives the same bytes.
func Encode(event decider.Event) (eventType string, schemaVersion int, data []byte, err error) {
	return shop.encode(event)
}

// Decode reads an event of the log, whatever version it was written at. Errors wrap ErrUnknown if the type is unknown or its
// version newer than the table's.
func Decode(record eventstore.Record) (decider.Event, error) { return shop.decode(record) }

// Known is nil if this program knows the type and the version of a record, and wraps ErrUnknown if not. Whoever picks records by
// their type asks first: what is not known may be what it waits for, under a newer name.
func Known(record eventstore.Record) error {
	_, err := shop.row(record)
	return err
}

// codec is a table that can be looked things up in.
type codec struct {
	written map[string]Type // by the name of the event's struct
	stored  map[string]Type // by every name that stands in a log
}

// newCodec panics if two rows claim one name: a table is code, and its tests run it.
func newCodec(rows []Type) codec {
	c := codec{map[string]Type{}, map[string]Type{}}
	for _, t := range rows {
		c.written[t.Name] = t
		for _, s := range t.shapes {
			if other, taken := c.stored[s.name]; taken && other.Name != t.Name {
				panic(fmt.Sprintf("codec: %s and %s are both stored as %s", other.Name, t.Name, s.name))
			}
			c.stored[s.name] = t
		}
	}
	return c
}

func (c codec) encode(event decider.Event) (eventType string, schemaVersion int, data []byte, err error) {
	t, ok := c.written[event.EventType()]
	if !ok {
		return "", 0, nil, fmt.Errorf("event %s has no row in the codec's table; add it there", event.EventType())
	}
	if t.Version == 0 {
		return "", 0, nil, fmt.Errorf("event %s is only read: this program does not write it yet, or not any more", t.Name)
	}
	if data, err = plain(event); err == nil {
		data, err = change(data, t.down)
	}
	if err != nil {
		return "", 0, nil, fmt.Errorf("encode %s as version %d: %w", t.Name, t.Version, err)
	}
	return t.shapes[t.Version-1].name, t.Version, data, nil
}

// row is the one that reads a record.
func (c codec) row(record eventstore.Record) (Type, error) {
	t, ok := c.stored[record.Type]
	switch v := record.SchemaVersion; {
	case !ok:
		return t, fmt.Errorf("%w: type %q", ErrUnknown, record.Type)
	case v > t.Reads:
		return t, fmt.Errorf("%w: version %d of %s, known up to %d", ErrUnknown, v, t.Name, t.Reads)
	case v < 1 || t.shapes[v-1].name != record.Type:
		return t, fmt.Errorf("version %d of %s was never written", v, record.Type)
	}
	return t, nil
}

func (c codec) decode(record eventstore.Record) (decider.Event, error) {
	t, err := c.row(record)
	if err != nil {
		return nil, err
	}
	data := []byte(record.Data)
	for version := record.SchemaVersion; version < t.Reads; version++ {
		if data, err = change(data, t.shapes[version].up); err != nil {
			return nil, fmt.Errorf("decode %s: from version %d to %d: %w", record.Type, version, version+1, err)
		}
	}
	event, err := t.decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", record.Type, err)
	}
	return event, nil
}

// change applies a change to the members of a JSON object; what it does not touch keeps its value's bytes.
func change(data []byte, by Change) ([]byte, error) {
	if by == nil {
		return data, nil
	}
	members := map[string]json.RawMessage{}
	if err := strict(data, &members); err != nil {
		return nil, err
	}
	if err := by(members); err != nil {
		return nil, err
	}
	return plain(members)
}

// plain writes JSON without HTML's escapes.
func plain(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// strict refuses what is not one object, or has a member for which the event has no field: it would be a fact lost.
func strict(data []byte, event any) error {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return errors.New("the data is not a JSON object")
	}
	r := readers.Get().(*reader)
	r.text.Reset(data)
	before := r.decoder.InputOffset()
	if err := r.decoder.Decode(event); err != nil {
		return err // a decoder keeps its error, and goes with it
	}
	if rest := data[r.decoder.InputOffset()-before:]; len(bytes.TrimSpace(rest)) > 0 {
		return errors.New("something stands after the JSON object")
	}
	if r.decoder.InputOffset()-before == int64(len(data)) { // nothing is left in it
		readers.Put(r)
	}
	return nil
}

// reader is a decoder that is used again: to make one costs as much as to decode a short event.
type reader struct {
	text    *bytes.Reader
	decoder *json.Decoder
}

var readers = sync.Pool{New: func() any {
	text := bytes.NewReader(nil)
	decoder := json.NewDecoder(text)
	decoder.DisallowUnknownFields()
	return &reader{text, decoder}
}}
