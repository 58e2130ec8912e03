package asyncapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// meaningsText is what the events mean, by name.
//
//go:embed meanings.json
var meaningsText []byte

type meaning struct {
	Meaning string            `json:"meaning"`
	Members map[string]string `json:"members"`
	Sample  json.RawMessage   `json:"sample"`
}

// message is one kind of message. Its key is its name with what it is before it, because a letter and an event may have the same.
type message struct {
	key, name, summary, contentType string
	tag                             string
	schemas                         object // by name; the one under key is the message's own
	example                         json.RawMessage
	correlation                     string // where the order's id stands, a runtime expression
}

func (m message) message() object {
	return object{
		"name": m.name, "title": m.name, "summary": m.summary, "contentType": m.contentType,
		"tags": []object{{"name": m.tag}}, "payload": refer("components/schemas/" + m.key),
		"correlationId": object{"description": "The order's id, where there is one.", "location": m.correlation},
		"examples":      []object{{"name": m.name, "payload": m.example}},
	}
}

// eventMessages is a message for each event of the codec's table.
func eventMessages() (all []message, err error) {
	meanings := map[string]meaning{}
	if err := json.Unmarshal(meaningsText, &meanings); err != nil {
		return nil, fmt.Errorf("meanings.json: %w", err)
	}
	for _, kind := range codec.Types() {
		said := meanings[kind.Name]
		data, err := schemaOf(reflect.TypeOf(kind.Sample))
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", kind.Name, err)
		}
		data["description"] = said.Meaning
		for member, meaning := range said.Members {
			data["properties"].(object)[member].(object)["description"] = meaning
		}
		key, dataKey := "event."+kind.Name, "data."+kind.Name
		all = append(all, message{
			key: key, name: kind.Name, summary: said.Meaning, contentType: messaging.ContentType, tag: kind.Category,
			schemas: object{key: eventSchema(kind, dataKey), dataKey: data},
			example: json.RawMessage(messaging.Encode(example(kind, said.Sample)).Payload), correlation: "$message.payload#/correlationid",
		})
	}
	return all, nil
}

// eventSchema narrows the envelope to one kind of event.
func eventSchema(kind codec.Type, dataKey string) object {
	return object{"allOf": []object{refer("components/schemas/envelope"), {
		"type": "object",
		"properties": object{
			"type": object{"const": kind.Name}, "event_type": object{"const": kind.Name}, "schemaversion": object{"const": kind.Reads},
			"subject": object{"pattern": "^" + kind.Category + "-"},
			"payload": refer("components/schemas/" + dataKey), "data": refer("components/schemas/" + dataKey),
		},
	}}}
}

// example is a record that holds a sample. Its ids are made up.
func example(kind codec.Type, sample json.RawMessage) subscription.Delivery {
	id := func(n byte) uuid.UUID {
		return uuid.UUID{0x01, 0x90, 0xa6, 0xf2, 0x7c, 0x1e, 0x7a, 0x40, 0x8a, 0x52, 0x5f, 0x1d, 0x6c, 0x3b, 0x00, n}
	}
	return subscription.Delivery{
		Record: eventstore.Record{
			Position: 42, Stream: eventstore.Stream(kind.Category, "123"), Version: 1, EventID: id(42), Type: kind.Name,
			SchemaVersion: kind.Reads, CommandID: id(1), Data: sample, Metadata: json.RawMessage(`{"correlation_id":"123"}`),
			RecordedAt: time.Date(2025, 3, 1, 12, 30, 15, 250_000_000, time.UTC),
		},
		LogID: id(0), PreviousID: id(41), CommandEnd: true,
	}
}
