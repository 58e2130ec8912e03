package asyncapi

import "encoding/json"

// letter is what outsiders may send: the members that its payload may have, those it must have, and a sample with all of them.
type letter struct {
	name, summary string
	members       object
	required      []string
	sample        string
}

var letters = []letter{
	{
		name: "order.created", summary: "Somebody ordered. It becomes an order, or one that is rejected if the catalogue or the stock does not allow it.",
		members: object{
			"order_id": code("The order's id, chosen by whoever sends it. The same order again is a duplicate, never a second one."),
			"items": object{"type": "array", "minItems": 1, "maxItems": 200, "items": object{
				"type": "object", "required": []string{"quantity"},
				"anyOf": []object{{"required": []string{"sku"}}, {"required": []string{"name"}}},
				"properties": object{
					"sku":                 code("Of the catalogue."),
					"name":                object{"type": "string", "minLength": 1, "description": "Of the catalogue, if there is no sku; case and spacing do not matter."},
					"quantity":            object{"type": "integer", "minimum": 1, "maximum": 1_000_000},
					"expected_unit_price": object{"type": "number", "description": "What the customer was shown. If the catalogue says otherwise, the order is rejected."},
				},
			}},
			"currency":     currency("Of the order, checked and never converted; without it, the catalogue's."),
			"customer_ref": code("Your own id of the customer. No name and no address: events are for ever."),
		},
		required: []string{"order_id", "items"},
		sample:   `{"order_id":"123","customer_ref":"c-1","currency":"USD","items":[{"sku":"TEDDY-BEAR","name":"Teddy Bear","quantity":1,"expected_unit_price":29.99}]}`,
	},
	{
		name: "payment.completed", summary: "Money arrived. It is recorded whatever it is for, and once, by the first of payment_id, transaction_id, provider_ref, event_id, id.",
		members: object{
			"order_id":       code("Whom the money is for."),
			"amount":         amount("In units of the currency, such as 29.99."),
			"currency":       currency("Without it, the store's."),
			"payment_id":     identity(),
			"transaction_id": identity(),
			"provider_ref":   identity(),
		},
		required: []string{"order_id", "amount"},
		sample:   `{"order_id":"123","amount":29.99,"currency":"USD","payment_id":"p-1","transaction_id":"t-1","provider_ref":"r-1"}`,
	},
	{
		name: "payment.failed", summary: "The customer could not pay.",
		members: object{
			"order_id":   code("Who should have paid."),
			"request_id": code("The request for money; without it, the newest."),
			"code":       code("Why, such as card_declined."),
			"retryable":  object{"type": "boolean", "description": "The money may be asked for again."},
		},
		required: []string{"order_id", "code"},
		sample:   `{"order_id":"123","request_id":"req-1","code":"card_declined","retryable":true}`,
	},
	{
		name: "payment.refunded", summary: "A refund was paid out.",
		members: refundMembers(), required: []string{"order_id", "amount"},
		sample: `{"order_id":"123","refund_id":"ref-1","amount":29.99,"currency":"USD","code":"done"}`,
	},
	{
		name: "payment.refund_failed", summary: "A refund was not paid out.",
		members: refundMembers(), required: []string{"order_id", "amount"},
		sample: `{"order_id":"123","refund_id":"ref-1","amount":29.99,"currency":"USD","code":"account_closed"}`,
	},
}

func refundMembers() object {
	return object{
		"order_id":  code("Whose money it was."),
		"refund_id": code("The refund; without it, the oldest open one of this amount."),
		"amount":    amount("In units of the currency, such as 29.99."),
		"currency":  currency("Without it, the store's."),
		"code":      code("What became of it, such as account_closed."),
	}
}

func code(description string) object {
	return object{"type": "string", "pattern": idPattern, "description": description}
}

func amount(description string) object {
	return object{"type": "number", "exclusiveMinimum": 0, "description": description + " A JSON number with no more decimals than the currency has."}
}

func currency(description string) object {
	return object{"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217. " + description}
}

func identity() object {
	return object{"type": "string", "maxLength": 255, "description": "By what this money is known."}
}

// letterMessages is a message for each letter.
func letterMessages() []message {
	all := make([]message, len(letters))
	for i, l := range letters {
		key := "letter." + l.name
		all[i] = message{
			key: key, name: l.name, summary: l.summary, contentType: "application/json", tag: "letters",
			schemas:     object{key: l.schema()},
			example:     json.RawMessage(`{"event_type":"` + l.name + `","payload":` + l.sample + `}`),
			correlation: "$message.payload#/payload/order_id",
		}
	}
	return all
}

// schema is the letter with its outside. What else a sender writes beside is passed over.
func (l letter) schema() object {
	payload := object{"type": "object", "properties": l.members, "required": l.required}
	return object{
		"type": "object", "description": l.summary, "required": []string{"event_type", "payload"},
		"properties": object{
			"event_type": object{"const": l.name},
			"payload":    payload,
			"id":         object{"type": "string", "description": "Your id of the letter. CloudEvents' other attributes may stand beside it."},
			"event_id":   object{"type": "string", "description": "The same as id, which it goes before."},
		},
	}
}
