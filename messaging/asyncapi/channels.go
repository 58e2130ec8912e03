package asyncapi

import (
	"errors"
	"net/url"
	"strings"

	"ordermill/messaging"
)

var errNoURL = errors.New("the broker's URL makes no sense")

// bindingVersion of what AsyncAPI says about AMQP 0-9-1. It has nothing to say about Redis yet.
// https://github.com/asyncapi/bindings/blob/master/amqp/README.md
const bindingVersion = "0.3.0"

// transport is how one kind of broker is described. Its names are those that the transports themselves give, see
// messaging/amqp and messaging/redisstream.
type transport struct {
	name      string
	url       func(Config) string
	ports     map[string]string                   // by the URL's scheme
	events    func(shop, brokerURL string) object // the channel that records go out on
	inbox     func(shop, brokerURL string) object // the channel that letters come in on
	delivery  object                              // bindings of the operation that sends events
	described string
}

var transports = []transport{
	{
		name: "amqp", url: func(c Config) string { return c.AMQP }, ports: map[string]string{"amqp": "5672", "amqps": "5671"},
		described: "RabbitMQ, AMQP 0-9-1.",
		events: func(shop, brokerURL string) object {
			return object{
				"address": "{type}", "title": "Events",
				"description": "A topic exchange; the routing key is the event's type. Bind a durable queue of your own, with a pattern " +
					"such as `order.*` or `#` for all, and it fills while you are away.",
				"parameters": object{"type": object{"description": "The event's type, such as order.placed.", "location": "$message.payload#/type"}},
				"bindings": object{"amqp": object{"is": "routingKey", "bindingVersion": bindingVersion, "exchange": object{
					"name": shop + "." + messaging.TopicEvents, "type": "topic", "durable": true, "autoDelete": false, "vhost": vhost(brokerURL),
				}}},
			}
		},
		inbox: func(shop, brokerURL string) object {
			return object{
				"address": shop + "." + messaging.TopicInbox, "title": "Letters",
				"description": "Publish a letter to the default exchange with this routing key, persistent and with confirms. The AMQP " +
					"property message-id, if there is one, tells two letters that are alike apart.",
				"bindings": object{"amqp": object{"is": "queue", "bindingVersion": bindingVersion, "queue": object{
					"name": shop + "." + messaging.TopicInbox, "durable": true, "exclusive": false, "autoDelete": false, "vhost": vhost(brokerURL),
				}}},
			}
		},
		delivery: object{"amqp": object{"deliveryMode": 2, "ack": true, "bindingVersion": bindingVersion}},
	},
	{
		name: "redis", url: func(c Config) string { return c.Redis }, ports: map[string]string{"redis": "6379", "rediss": "6379"},
		described: "Redis Streams.",
		events: func(shop, _ string) object {
			return object{
				"address": shop + ":" + messaging.TopicEvents, "title": "Events",
				"description": "A stream of all events; XREAD it from the last entry that you have handled. An entry's id is `<position>-0`, its " +
					"field `payload` is the message as JSON text, `type` and `event_id` say what is in it. Only about the newest 20,000 entries are kept.",
				"x-redis-entry": object{"id": "<position>-0", "fields": object{"event_id": "the event's id", "type": "the event's type", "payload": "the message, as JSON text"}},
			}
		},
		inbox: func(shop, _ string) object {
			return object{
				"address": shop + ":" + messaging.TopicInbox, "title": "Letters",
				"description":   "XADD a letter with the id `*`, as JSON text in the field `payload`. It is trimmed after it was decided.",
				"x-redis-entry": object{"id": "*", "fields": object{"payload": "the letter, as JSON text"}},
			}
		},
	},
}

// server is the broker as outsiders see it. What they call its host is theirs to fill in.
func (t transport) server(brokerURL string) (object, error) {
	u, err := url.Parse(brokerURL)
	if err != nil {
		return nil, errNoURL // not err itself, which shows the password
	}
	s := object{
		"host": "{host}", "protocol": u.Scheme, "description": t.described,
		"variables": object{"host": object{
			"description": "HOST:PORT of the broker, as you reach it. Ask the shop's operator.", "default": "localhost:" + t.ports[u.Scheme],
		}},
	}
	if path := strings.TrimPrefix(u.Path, "/"); path != "" {
		s["pathname"] = "/" + path
	}
	if u.User != nil {
		s["security"] = []object{refer("components/securitySchemes/password")}
	}
	return s, nil
}

// channel completes what a transport says about one with what travels on it.
func (t transport) channel(c object, of []message) object {
	messages := object{}
	for _, m := range of {
		messages[m.key] = refer("components/messages/" + m.key)
	}
	c["messages"], c["servers"] = messages, []object{refer("servers/" + t.name)}
	return c
}

func operation(action, channel, summary string, bindings object) object {
	o := object{"action": action, "channel": refer("channels/" + channel), "summary": summary}
	if bindings != nil {
		o["bindings"] = bindings
	}
	return o
}

// vhost is RabbitMQ's virtual host in a URL, "/" unless it names another.
func vhost(brokerURL string) string {
	u, err := url.Parse(brokerURL)
	if err != nil || len(u.Path) < 2 {
		return "/"
	}
	return u.Path[1:]
}
