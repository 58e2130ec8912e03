package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/decider"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// Decision is one try at deciding a command: what it looked at, what it wrote.
type Decision struct {
	Now time.Time // the time this decision uses; it travels in its events

	ctx      context.Context
	command  *Command
	states   *states
	expected map[string]int64 // version of every stream looked at, as it was first seen
	changed  map[string]int64 // streams whose cached state this decision has moved on
	metadata json.RawMessage  // of the command, on each of its events; nil until the first
	events   []eventstore.Event
	receipts []eventstore.Receipt
	failure  error // a stream could not be read, an event not be written down
}

// NewID makes an id that is the same in every try of the same command.
func (d *Decision) NewID(parts ...string) string {
	id := d.command.ID
	for _, part := range parts {
		id = uuid.NewSHA1(id, []byte(part))
	}
	return id.String()
}

// Respond sets the answer that is kept under the receipt of this scope, if the command has one.
func (d *Decision) Respond(scope string, response []byte) {
	for i := range d.receipts {
		if d.receipts[i].Scope == scope {
			d.receipts[i].Response = response
		}
	}
}

// refuse takes back what was recorded: a refusal looks receipts up and checks versions, and writes nothing.
func (d *Decision) refuse() {
	d.events = nil
	for i := range d.receipts {
		d.receipts[i].Response = nil
	}
}

func (d *Decision) request() eventstore.Request {
	return eventstore.Request{CommandID: d.command.ID, Receipts: d.receipts, Expected: d.expected, Events: d.events}
}

// record encodes an event for a stream.
func (d *Decision) record(stream string, event decider.Event) {
	name, version, data, err := codec.Encode(event)
	if err != nil {
		d.failure = err
		return
	}
	if d.metadata == nil {
		if d.metadata, err = json.Marshal(d.command.Meta); err != nil {
			d.failure = err
			return
		}
	}
	d.events = append(d.events, eventstore.Event{Stream: stream, Type: name, SchemaVersion: version, Data: data, Metadata: d.metadata})
}
