package asyncapi

// idPattern is how ids of orders, SKUs, payments and so on are written.
const idPattern = "^[A-Za-z0-9._:-]{1,64}$"

// envelope is what all events have in common: CloudEvents 1.0, structured JSON, with our extensions. messaging's wire format
// makes it; the tests hold this against what it makes.
func envelope() object {
	text := func(description string) object { return object{"type": "string", "description": description} }
	id := func(description string) object {
		return object{"type": "string", "format": "uuid", "description": description}
	}
	count := func(description string) object {
		return object{"type": "integer", "format": "int64", "minimum": 1, "description": description}
	}
	return object{
		"type":        "object",
		"description": "CloudEvents 1.0, structured JSON, with event_type and payload beside it. Attributes may be added; leave alone those that you do not know.",
		"properties": object{
			"specversion":     object{"const": "1.0", "description": "Of CloudEvents."},
			"id":              id("The event. Know copies by it."),
			"source":          text("The log that the event stands in, as a URI reference."),
			"type":            text("The event's type."),
			"subject":         object{"type": "string", "pattern": "^[a-z_]+-[A-Za-z0-9._:-]{1,64}$", "description": "The stream that it belongs to, such as order-123."},
			"time":            object{"type": "string", "format": "date-time", "description": "When it was recorded, never before the event in front of it."},
			"datacontenttype": object{"const": "application/json", "description": "Of data and payload."},
			"logid":           id("The log. Positions count in it."),
			"position":        count("Its place in the log: gapless, in the order of commits."),
			"previousid":      id("The event at the position before; none at position 1."),
			"streamversion":   count("Its place in its stream."),
			"schemaversion":   count("The version of its payload's schema."),
			"commandid":       id("The command that decided it. Events of one command were written together."),
			"commandend":      object{"type": "boolean", "description": "It is the last of its command."},
			"correlationid":   text("The order's id, where there is one."),
			"causationid":     text("The event or letter behind it."),
			"traceparent":     text("W3C Trace Context of whoever asked for it."),
			"metadata":        object{"type": "string", "contentMediaType": "application/json", "description": "All metadata, JSON in a string."},
			"event_type":      text("The same as type."),
			"payload":         object{"type": "object", "description": "What happened."},
			"data":            object{"type": "object", "description": "The same as payload."},
		},
		"required": []string{
			"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "logid", "position", "streamversion",
			"schemaversion", "commandid", "commandend", "metadata", "event_type", "payload", "data",
		},
	}
}
