package asyncapi

import (
	"bytes"
	"encoding/json"
	"fmt"

	"ordermill/messaging"
)

// Config is what differs from one shop to the next.
type Config struct {
	Name    string // of the shop, the prefix of exchange, queues and streams; default messaging.DefaultPrefix
	Version string // of the program

	// The brokers' URLs, "" if the shop has none. The document shows their scheme, the virtual host, and whether they want a
	// password; where the shop reaches a broker, and as whom, is not for everybody to read.
	AMQP, Redis string
}

// object is a JSON object. Go writes its members in the order of their names, so that a document is the same every time.
type object map[string]any

const about = "What the shop says and hears over its brokers. Every fact it decides goes out as one event, CloudEvents 1.0 in JSON; " +
	"commands come in as letters. Operations are told from the shop's side: it sends events and receives letters.\n\n" +
	"An event goes out at least once, in the order of the log; copies may follow later events and have the same `id`. `previousid` is " +
	"the `id` of the event before it, of any type, so whoever reads all events sees a gap; `GET /v1/events?after=N` has what is missing. " +
	"An event type at a `schemaversion` never changes. New types, new versions, and new attributes beside `payload` may come."

// Document writes the AsyncAPI 3.0 document of a shop. It fails if a broker's URL makes no sense.
// https://www.asyncapi.com/docs/reference/specification/v3.0.0
func Document(c Config) ([]byte, error) {
	if c.Name == "" {
		c.Name = messaging.DefaultPrefix
	}
	events, err := eventMessages()
	if err != nil {
		return nil, err
	}
	letters := letterMessages()
	d := object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "Ordermill", "version": c.Version, "description": about,
			"license": object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		"defaultContentType": "application/json",
	}
	servers, channels, operations, messages, schemas := object{}, object{}, object{}, object{}, object{"envelope": envelope()}
	for _, m := range append(events, letters...) {
		messages[m.key] = m.message()
		for name, schema := range m.schemas {
			schemas[name] = schema
		}
	}
	for _, t := range transports {
		url := t.url(c)
		if url == "" {
			continue
		}
		if servers[t.name], err = t.server(url); err != nil {
			return nil, fmt.Errorf("describe the %s transport: %w", t.name, err)
		}
		out, in := t.name+".events", t.name+".inbox"
		channels[out] = t.channel(t.events(c.Name, url), events)
		channels[in] = t.channel(t.inbox(c.Name, url), letters)
		operations[t.name+".sendEvents"] = operation("send", out, "Publishes every event of the log.", t.delivery)
		operations[t.name+".receiveLetters"] = operation("receive", in, "Takes letters, and acknowledges each when its outcome is committed.", nil)
	}
	d["servers"], d["channels"], d["operations"] = servers, channels, operations
	d["components"] = object{"messages": messages, "schemas": schemas, "securitySchemes": object{
		"password": object{"type": "userPassword", "description": "A user of the broker that the shop's operator gave you."},
	}}
	return written(d)
}

func written(d object) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(d)
	return text.Bytes(), err
}

// refer points to another part of the document.
func refer(path string) object { return object{"$ref": "#/" + path} }
