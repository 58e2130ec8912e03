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
var ErrUnknown = errors.New("this program does not know the event; a newer one wrote it")

// Type is a kind of event as the log names it.
type Type struct {
	Name     string
	Version  int           // schema version, from 1
	Category string        // of the streams it stands in
	Sample   decider.Event // its zero value

	decode func(data []byte) (decider.Event, error)
}

// Types lists every kind of event.
func Types() []Type { return append([]Type(nil), table...) }

var byName = func() map[string]Type {
	types := map[string]Type{}
	for _, t := range table {
		types[t.Name] = t
	}
	return types
}()

// of makes the row of an event at version 1.
func of[E decider.Event](category string) Type {
	var zero E
	return Type{Name: zero.EventType(), Version: 1, Category: category, Sample: zero, decode: func(data []byte) (decider.Event, error) {
		var event E
		err := strict(data, &event)
		return event, err
	}}
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

// Encode writes an event down. The same event gives the same bytes.
func Encode(event decider.Event) (eventType string, schemaVersion int, data []byte, err error) {
	t, ok := byName[event.EventType()]
	if !ok {
		return "", 0, nil, fmt.Errorf("event %s has no row in the codec's table; add it there", event.EventType())
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(event); err != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %w", t.Name, err)
	}
	return t.Name, t.Version, bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// Decode reads an event of the log. Errors wrap ErrUnknown if the type is unknown or its version newer than the table's.
func Decode(record eventstore.Record) (decider.Event, error) {
	t, ok := byName[record.Type]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: type %q", ErrUnknown, record.Type)
	case record.SchemaVersion > t.Version:
		return nil, fmt.Errorf("%w: version %d of %s, known up to %d", ErrUnknown, record.SchemaVersion, t.Name, t.Version)
	case record.SchemaVersion < t.Version:
		return nil, fmt.Errorf("version %d of %s was never written", record.SchemaVersion, t.Name)
	}
	event, err := t.decode(record.Data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", t.Name, err)
	}
	return event, nil
}
