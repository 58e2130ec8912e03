package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/messaging/asyncapi"
	"ordermill/messaging/asyncapi/asyncapitest"
)

type object = map[string]any

// describedLetters are the letters of the AsyncAPI document: the schema of each and its example, by name.
func describedLetters(t *testing.T) (schemas, examples map[string]object) {
	t.Helper()
	document, err := asyncapi.Document(asyncapi.Config{})
	require.NoError(t, err)
	var d struct {
		Components struct {
			Messages map[string]struct {
				Name     string
				Examples []struct{ Payload object }
			}
			Schemas map[string]object
		}
	}
	require.NoError(t, json.Unmarshal(document, &d))
	schemas, examples = map[string]object{}, map[string]object{}
	for key, m := range d.Components.Messages {
		if key == "letter."+m.Name {
			schemas[m.Name], examples[m.Name] = d.Components.Schemas[key], m.Examples[0].Payload
		}
	}
	return schemas, examples
}

// TestLetters_describedToOutsiders_areThoseThatAreRead: the same letters, with the same members in their payloads.
func TestLetters_describedToOutsiders_areThoseThatAreRead(t *testing.T) {
	schemas, _ := describedLetters(t)
	require.ElementsMatch(t, app.Letters, slices.Collect(maps.Keys(schemas)))
	for name, schema := range schemas {
		payload := schema["properties"].(object)["payload"].(object)
		sameMembers(t, name, app.LetterMembers(name), payload)
	}
}

func sameMembers(t *testing.T, where string, read map[string]any, described object) {
	t.Helper()
	properties := described["properties"].(object)
	require.ElementsMatch(t, slices.Collect(maps.Keys(read)), slices.Collect(maps.Keys(properties)), where)
	for name, inner := range read {
		if inner, ok := inner.(map[string]any); ok {
			sameMembers(t, where+"/"+name, inner, properties[name].(object)["items"].(object))
		}
	}
}

// TestLetters_asDescribed_areTaken: the examples are taken, with and without each member that need not be there. What breaks
// the description breaks the letter.
func TestLetters_asDescribed_areTaken(t *testing.T) {
	_, examples := describedLetters(t)
	described := asyncapitest.Own(t)
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			s, payload := newShop(t), example["payload"].(object)
			require.NoError(t, s.OpenCatalogue(t.Context(), "test", []app.Stocked{{RegisterProduct: app.RegisterProduct{
				SKU: "TEDDY-BEAR", Name: "Teddy Bear", PriceMinor: 2999, Currency: "USD"}, Quantity: 10}}))
			tries := 0
			holds := func(about string) {
				t.Helper()
				if tries++; payload["order_id"] == "123" { // each try is for an order of its own
					payload["order_id"] = fmt.Sprint(tries)
					defer func() { payload["order_id"] = "123" }()
				}
				letter, err := json.Marshal(example)
				require.NoError(t, err)
				_, err = s.Message(t.Context(), app.Call{}, letter)
				if described.Validate("letter."+name, letter) == nil {
					require.NoError(t, err, about)
					return
				}
				require.Error(t, err, about)
				require.Contains(t, []string{"validation-failed", "invalid-json"}, refused(t, err), about)
			}
			holds("as it is")
			objects := []object{example, payload}
			if items, ok := payload["items"].([]any); ok {
				objects = append(objects, items[0].(object))
			}
			for _, o := range objects {
				for member, value := range maps.Clone(o) {
					delete(o, member)
					holds("without " + member)
					for _, wrong := range []any{0, -1, true, "no id", []any{}, object{}} {
						if o[member] = wrong; member != "event_type" {
							holds(member + " is something else")
						}
					}
					o[member] = value
				}
			}
		})
	}
}
