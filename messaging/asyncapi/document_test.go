package asyncapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/messaging/asyncapi"
	"ordermill/messaging/asyncapi/asyncapitest"
)

var everything = asyncapi.Config{
	Name: "toys", Version: "1.2.3", AMQP: "amqps://ann:secret@mq.internal:5671/shop", Redis: "redis://:secret@cache.internal:6379/2",
}

type object = map[string]any

func document(t *testing.T, c asyncapi.Config) object {
	t.Helper()
	text, err := asyncapi.Document(c)
	require.NoError(t, err)
	return asyncapitest.Value(t, text).(object)
}

// at follows a path of members.
func at(t *testing.T, value any, path ...string) object {
	t.Helper()
	for _, name := range path {
		require.Contains(t, value, name, "%v", path)
		value = value.(object)[name]
	}
	return value.(object)
}

// walk visits every object of a document, with its JSON pointer.
func walk(pointer string, value any, visit func(pointer string, o object)) {
	switch v := value.(type) {
	case object:
		visit(pointer, v)
		for name, member := range v {
			walk(pointer+"/"+name, member, visit)
		}
	case []any:
		for i, item := range v {
			walk(fmt.Sprintf("%s/%d", pointer, i), item, visit)
		}
	}
}

func TestDocument_everyReferenceLeadsSomewhere(t *testing.T) {
	d := document(t, everything)
	seen := 0
	walk("#", d, func(pointer string, o object) {
		to, ok := o["$ref"].(string)
		if !ok {
			return
		}
		seen++
		path, local := strings.CutPrefix(to, "#/")
		require.True(t, local, "%s refers to %s", pointer, to)
		require.Len(t, o, 1, "%s: nothing may stand beside a $ref", pointer)
		at(t, d, strings.Split(path, "/")...)
	})
	require.Greater(t, seen, 4*len(codec.Types()))
}

// TestDocument_everyPartIsAsTheSpecificationWants: which members each kind of part must have, and which it may have.
func TestDocument_everyPartIsAsTheSpecificationWants(t *testing.T) {
	parts := 0
	walk("", document(t, everything), func(pointer string, o object) {
		for _, rule := range specification {
			if matched, err := filepath.Match(rule.pointer, pointer); err != nil || !matched {
				continue
			}
			parts++
			for _, name := range rule.must {
				require.Contains(t, o, name, pointer)
			}
			for name := range o {
				require.True(t, slices.Contains(rule.must, name) || slices.Contains(rule.may, name) || strings.HasPrefix(name, "x-"),
					"%s has %s", pointer, name)
			}
		}
	})
	require.Greater(t, parts, 2*len(codec.Types()))
}

// specification is AsyncAPI 3.0, as far as we use it. https://www.asyncapi.com/docs/reference/specification/v3.0.0
var specification = []struct {
	pointer   string
	must, may []string
}{
	{"", []string{"asyncapi", "info"}, []string{"id", "servers", "defaultContentType", "channels", "operations", "components"}},
	{"/info", []string{"title", "version"}, []string{"description", "termsOfService", "contact", "license", "tags", "externalDocs"}},
	{"/info/license", []string{"name"}, []string{"url"}},
	{"/servers/*", []string{"host", "protocol"}, []string{"protocolVersion", "pathname", "description", "title", "summary", "variables", "security", "tags", "externalDocs", "bindings"}},
	{"/servers/*/variables/*", nil, []string{"enum", "default", "description", "examples"}},
	{"/channels/*", nil, []string{"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings"}},
	{"/channels/*/parameters/*", nil, []string{"enum", "default", "description", "examples", "location"}},
	{"/channels/*/messages/*", []string{"$ref"}, nil},
	{"/channels/*/bindings/amqp", []string{"is"}, []string{"exchange", "queue", "bindingVersion"}},
	{"/channels/*/bindings/amqp/exchange", nil, []string{"name", "type", "durable", "autoDelete", "vhost"}},
	{"/channels/*/bindings/amqp/queue", nil, []string{"name", "durable", "exclusive", "autoDelete", "vhost"}},
	{"/operations/*", []string{"action", "channel"}, []string{"title", "summary", "description", "security", "tags", "externalDocs", "bindings", "traits", "messages", "reply"}},
	{"/operations/*/channel", []string{"$ref"}, nil},
	{"/components", nil, []string{"schemas", "servers", "channels", "operations", "messages", "securitySchemes", "serverVariables", "parameters", "correlationIds", "tags"}},
	{"/components/messages/*", nil, []string{"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags", "externalDocs", "bindings", "examples", "traits"}},
	{"/components/messages/*/correlationId", []string{"location"}, []string{"description"}},
	{"/components/messages/*/examples/*", nil, []string{"headers", "payload", "name", "summary"}},
	{"/components/messages/*/tags/*", []string{"name"}, []string{"description", "externalDocs"}},
	{"/components/securitySchemes/*", []string{"type"}, []string{"description"}},
}

func TestDocument_keysAndExpressionsAreWellFormed(t *testing.T) {
	d := document(t, everything)
	require.Equal(t, "3.0.0", d["asyncapi"])
	for _, components := range at(t, d, "components") {
		for key := range components.(object) {
			require.Regexp(t, `^[a-zA-Z0-9.\-_]+$`, key)
		}
	}
	for name, o := range at(t, d, "operations") {
		require.Contains(t, []string{"send", "receive"}, o.(object)["action"], name)
		require.Regexp(t, `^#/channels/`, at(t, o, "channel")["$ref"])
	}
	for name, c := range at(t, d, "channels") {
		address, _ := c.(object)["address"].(string)
		parameters, _ := c.(object)["parameters"].(object)
		for parameter := range parameters {
			require.Contains(t, address, "{"+parameter+"}", name)
		}
		require.Equal(t, len(parameters), strings.Count(address, "{"), name)
	}
	for name, m := range at(t, d, "components", "messages") {
		require.Regexp(t, `^\$message\.(header|payload)#/`, at(t, m, "correlationId")["location"], name)
	}
}

func TestDocument_everyEventOfTheRegistry_onEveryTransport(t *testing.T) {
	d := document(t, everything)
	want := map[string]string{}
	for _, kind := range codec.Types() {
		key := "event." + kind.Name
		want[key] = "#/components/messages/" + key
		require.NotEmpty(t, at(t, d, "components", "messages", key)["summary"], kind.Name)
		require.Equal(t, "#/components/schemas/"+key, at(t, d, "components", "messages", key, "payload")["$ref"])
	}
	for _, transport := range []string{"amqp", "redis"} {
		got := map[string]string{}
		for key, m := range at(t, d, "channels", transport+".events", "messages") {
			got[key] = m.(object)["$ref"].(string)
		}
		require.Equal(t, want, got)
	}
}

func TestDocument_namesFollowTheShop_andSecretsStayInIt(t *testing.T) {
	text, err := asyncapi.Document(everything)
	require.NoError(t, err)
	for _, secret := range []string{"ann", "secret", "internal"} {
		require.NotRegexp(t, `\b`+secret+`\b`, string(text))
	}
	d := document(t, everything)
	require.Equal(t, "1.2.3", at(t, d, "info")["version"])
	require.Equal(t, object{"name": "toys.events", "type": "topic", "durable": true, "autoDelete": false, "vhost": "shop"},
		at(t, d, "channels", "amqp.events", "bindings", "amqp", "exchange"))
	require.Equal(t, "toys.inbox", at(t, d, "channels", "amqp.inbox", "bindings", "amqp", "queue")["name"])
	require.Equal(t, "toys.inbox", at(t, d, "channels", "amqp.inbox")["address"])
	require.Equal(t, "toys:events", at(t, d, "channels", "redis.events")["address"])
	require.Equal(t, "toys:inbox", at(t, d, "channels", "redis.inbox")["address"])
	require.Equal(t, "amqps", at(t, d, "servers", "amqp")["protocol"])
	require.Equal(t, "/2", at(t, d, "servers", "redis")["pathname"])
	require.Contains(t, at(t, d, "servers", "redis"), "security")

	_, err = asyncapi.Document(asyncapi.Config{AMQP: "amqp://ann:secret@mq:port/"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestDocument_onlyBrokersThatTheShopHas(t *testing.T) {
	for name, c := range map[string]struct {
		config asyncapi.Config
		names  []string
	}{
		"none":     {asyncapi.Config{}, nil},
		"RabbitMQ": {asyncapi.Config{AMQP: "amqp://mq/"}, []string{"amqp"}},
		"Redis":    {asyncapi.Config{Redis: "redis://cache"}, []string{"redis"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := document(t, c.config)
			require.ElementsMatch(t, c.names, slices.Collect(maps.Keys(at(t, d, "servers"))))
			require.Len(t, at(t, d, "channels"), 2*len(c.names))
			require.Len(t, at(t, d, "operations"), 2*len(c.names))
			require.NotEmpty(t, at(t, d, "components", "messages"), "what an event looks like is the same everywhere")
			for _, server := range at(t, d, "servers") {
				require.NotContains(t, server, "security")
			}
			if slices.Contains(c.names, "amqp") {
				require.Equal(t, "ordermill.events", at(t, d, "channels", "amqp.events", "bindings", "amqp", "exchange")["name"])
				require.Equal(t, "/", at(t, d, "channels", "amqp.events", "bindings", "amqp", "exchange")["vhost"])
			}
		})
	}
}

// TestSchemas_everyExampleFits holds each message's example against its own schema, and against no other event's.
func TestSchemas_everyExampleFits(t *testing.T) {
	text, err := asyncapi.Document(everything)
	require.NoError(t, err)
	schemas := asyncapitest.Read(t, text)
	for key, m := range at(t, document(t, everything), "components", "messages") {
		example, err := json.Marshal(m.(object)["examples"].([]any)[0].(object)["payload"])
		require.NoError(t, err)
		require.NoError(t, schemas.Validate(key, example))
		if key != "event.order.placed" {
			require.Error(t, schemas.Validate("event.order.placed", example), key)
		}
	}
}

// TestSchemas_everyEventAsItTravels holds the golden files of the wire format against the schemas: they fit, a member that is
// not described or a missing one does not, and the envelope describes exactly the attributes that there are.
func TestSchemas_everyEventAsItTravels(t *testing.T) {
	schemas := asyncapitest.Own(t)
	attributes := at(t, document(t, everything), "components", "schemas", "envelope", "properties")
	for _, kind := range codec.Types() {
		t.Run(kind.Name, func(t *testing.T) {
			golden, err := os.ReadFile(fmt.Sprintf("../testdata/%s.v%d.json", kind.Name, kind.Reads))
			require.NoError(t, err)
			key := "event." + kind.Name
			require.NoError(t, schemas.Validate(key, golden))
			event := asyncapitest.Value(t, golden).(object)
			require.ElementsMatch(t, slices.Collect(maps.Keys(attributes)), slices.Collect(maps.Keys(event)))

			payload := event["payload"].(object)
			for name, value := range maps.Clone(payload) {
				delete(payload, name)
				if _, always := written(t, kind, payload)[name]; always {
					require.Error(t, schemas.Validate(key, marshal(t, event)), "without %s", name)
				} else {
					require.NoError(t, schemas.Validate(key, marshal(t, event)), "without %s", name)
				}
				payload[name] = object{"a": "stranger"}
				require.Error(t, schemas.Validate(key, marshal(t, event)), "%s of another type", name)
				payload[name] = value
			}
			payload["stranger"] = 1
			require.Error(t, schemas.Validate(key, marshal(t, event)), "a member that no event has")
		})
	}
}

// written is what the codec makes of an event of which a member is missing: those that it always writes are there again.
func written(t *testing.T, kind codec.Type, payload object) object {
	t.Helper()
	event, err := codec.Decode(eventstore.Record{Type: kind.Name, SchemaVersion: kind.Reads, Data: marshal(t, payload)})
	require.NoError(t, err)
	_, _, data, err := codec.Encode(event)
	require.NoError(t, err)
	return asyncapitest.Value(t, data).(object)
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return text
}
