package messaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// ContentType of the wire format: CloudEvents 1.0, JSON, structured mode.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
const ContentType = "application/cloudevents+json; charset=utf-8"

// Metadata of a Watermill message that Encode makes, for publishers. The message's UUID is the event's id.
const (
	MetadataType     = "type"     // event type, such as order.placed
	MetadataPosition = "position" // decimal
)

// envelope is a record on the wire. Extension names are lower case because CloudEvents allows no
// other; event_type is for readers that know only the two keys event_type and payload.
type envelope struct {
	SpecVersion     string    `json:"specversion"`
	ID              uuid.UUID `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"` // stream
	Time            time.Time `json:"time"`    // recorded_at
	DataContentType string    `json:"datacontenttype"`

	LogID         uuid.UUID `json:"logid"`
	Position      int64     `json:"position"`
	PreviousID    string    `json:"previousid,omitempty"` // none at position 1
	StreamVersion int64     `json:"streamversion"`
	SchemaVersion int       `json:"schemaversion"`
	CommandID     uuid.UUID `json:"commandid"`
	CommandEnd    bool      `json:"commandend"` // last record of its command
	CorrelationID string    `json:"correlationid,omitempty"`
	CausationID   string    `json:"causationid,omitempty"`
	Traceparent   string    `json:"traceparent,omitempty"`
	Metadata      string    `json:"metadata"` // the record's metadata as the log holds it, JSON in a string

	EventType string          `json:"event_type"`
	Data      json.RawMessage `json:"data,omitempty"` // for reading only
}

// ForeignError says why a message is not one of our records, or a broken one.
type ForeignError struct {
	Attribute string // the CloudEvents attribute that is wrong; "" if it is the message as a whole
	Reason    string
}

func (e *ForeignError) Error() string {
	if e.Attribute == "" {
		return "not a record of ours: " + e.Reason
	}
	return fmt.Sprintf("not a record of ours: attribute %s %s", e.Attribute, e.Reason)
}

// Source is the CloudEvents source of a log's records.
func Source(logID uuid.UUID) string { return "/ordermill/" + logID.String() }

// Encode writes a record in the wire format. Its data goes out byte for byte, twice: as data for CloudEvents and as payload.
func Encode(d subscription.Delivery) *message.Message {
	var known eventstore.Metadata
	_ = json.Unmarshal(d.Metadata, &known) // for convenience of outsiders; what counts is the metadata itself
	e := envelope{
		SpecVersion: "1.0", ID: d.EventID, Source: Source(d.LogID), Type: d.Type, Subject: d.Stream,
		Time: d.RecordedAt.UTC(), DataContentType: "application/json",
		LogID: d.LogID, Position: d.Position, StreamVersion: d.Version, SchemaVersion: d.SchemaVersion,
		CommandID: d.CommandID, CommandEnd: d.CommandEnd,
		CorrelationID: known.CorrelationID, CausationID: known.CausationID, Traceparent: known.Traceparent,
		Metadata: string(d.Metadata), EventType: d.Type,
	}
	if d.PreviousID != uuid.Nil {
		e.PreviousID = d.PreviousID.String()
	}
	m := message.NewMessage(d.EventID.String(), e.withData(d.Data))
	m.Metadata.Set(MetadataType, d.Type)
	m.Metadata.Set(MetadataPosition, strconv.FormatInt(d.Position, 10))
	return m
}

// withData joins by hand because encoding/json would compact and escape the data.
func (e envelope) withData(data []byte) []byte {
	head, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings, numbers and a time before the year 10000 cannot fail: %v", err))
	}
	body := make([]byte, 0, len(head)+2*len(data)+len(`,"payload":,"data":}`))
	body = append(body, head[:len(head)-1]...)
	body = append(body, `,"payload":`...)
	body = append(body, data...)
	body = append(body, `,"data":`...)
	body = append(body, data...)
	return append(body, '}')
}

// Decode reads a record back, equal to the one that was encoded (white space around data is not part of it).
// It never panics; every error is a *ForeignError. That it decodes does not make it true: anybody may publish.
func Decode(body []byte) (subscription.Delivery, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return subscription.Delivery{}, &ForeignError{wrong.Field, "has the wrong type"}
		}
		return subscription.Delivery{}, &ForeignError{"", err.Error()}
	}
	d := subscription.Delivery{
		Record: eventstore.Record{
			Position: e.Position, Stream: e.Subject, Version: e.StreamVersion, EventID: e.ID, Type: e.Type,
			SchemaVersion: e.SchemaVersion, CommandID: e.CommandID, Data: e.Data, Metadata: json.RawMessage(e.Metadata),
			RecordedAt: e.Time.UTC().Truncate(time.Millisecond),
		},
		LogID: e.LogID, CommandEnd: e.CommandEnd,
	}
	if e.PreviousID != "" {
		var err error
		if d.PreviousID, err = uuid.Parse(e.PreviousID); err != nil {
			return subscription.Delivery{}, &ForeignError{"previousid", "is not a UUID"}
		}
	}
	if wrong := e.check(d); wrong != nil {
		return subscription.Delivery{}, wrong
	}
	return d, nil
}

func (e envelope) check(d subscription.Delivery) *ForeignError {
	_, _, badStream := eventstore.SplitStream(d.Stream)
	for _, rule := range []struct {
		broken            bool
		attribute, reason string
	}{
		{e.SpecVersion != "1.0", "specversion", "is not 1.0"},
		{d.LogID == uuid.Nil, "logid", "is missing"},
		{d.EventID == uuid.Nil, "id", "is missing"},
		{d.CommandID == uuid.Nil, "commandid", "is missing"},
		{d.Type == "", "type", "is missing"},
		{badStream != nil, "subject", "is not a stream's name"},
		{d.Position < 1, "position", "is below 1"},
		{d.Version < 1, "streamversion", "is below 1"},
		{d.SchemaVersion < 1, "schemaversion", "is below 1"},
		{(d.Position == 1) != (d.PreviousID == uuid.Nil), "previousid", "does not fit the position"},
		{e.Time.IsZero(), "time", "is missing"},
		{len(d.Data) == 0, "data", "is missing"},
		{!json.Valid(d.Metadata) || !bytes.HasPrefix(d.Metadata, []byte("{")), "metadata", "is not a JSON object"},
	} {
		if rule.broken {
			return &ForeignError{rule.attribute, rule.reason}
		}
	}
	return nil
}
