package asyncapi

import (
	"fmt"
	"reflect"
	"strings"
)

// schemaOf is the JSON Schema (draft 7, as AsyncAPI's schemas are) of what encoding/json makes of a type. It knows what events
// are made of; anything else is an error, so that nobody describes it wrongly.
func schemaOf(t reflect.Type) (object, error) {
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}, nil
	case reflect.Bool:
		return object{"type": "boolean"}, nil
	case reflect.Int64, reflect.Int:
		return object{"type": "integer", "format": "int64"}, nil
	case reflect.Slice:
		items, err := schemaOf(t.Elem())
		return object{"type": "array", "items": items}, err
	case reflect.Struct:
		return structSchema(t)
	}
	return nil, fmt.Errorf("no schema is known for a %s", t)
}

// structSchema has a member for every field that is written down, those of embedded structs too. Its members are all there
// are: an event that gets another gets another schema version.
func structSchema(t reflect.Type) (object, error) {
	properties, required := object{}, []string{}
	for _, field := range reflect.VisibleFields(t) {
		tag, tagged := field.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case field.Anonymous && !tagged:
			continue // its fields are visible themselves
		case !field.IsExported() || !tagged || name == "" || name == "-":
			return nil, fmt.Errorf("field %s of %s has no name in JSON", field.Name, t)
		case options != "" && options != "omitempty":
			return nil, fmt.Errorf("field %s of %s has the option %s, which no schema is known for", field.Name, t, options)
		}
		schema, err := schemaOf(field.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s of %s: %w", field.Name, t, err)
		}
		properties[name] = schema
		if options == "" {
			required = append(required, name)
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema, nil
}
