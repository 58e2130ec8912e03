// Package asyncapitest holds messages against the schemas of an AsyncAPI document, in tests.
package asyncapitest

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"ordermill/messaging/asyncapi"
)

// Schemas of one document.
type Schemas struct {
	t        testing.TB
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const location = "file:///asyncapi.json"

// Read reads a document's schemas as AsyncAPI says they are written, in draft 7, and checks formats too.
func Read(t testing.TB, document []byte) *Schemas {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	require.NoError(t, c.AddResource(location, Value(t, document)))
	return &Schemas{t: t, compiler: c, compiled: map[string]*jsonschema.Schema{}}
}

// Own are the schemas of this program's document. They are the same in every shop.
func Own(t testing.TB) *Schemas {
	t.Helper()
	document, err := asyncapi.Document(asyncapi.Config{})
	require.NoError(t, err)
	return Read(t, document)
}

// Validate returns how JSON text differs from the schema components/schemas/<key>, or nil.
func (s *Schemas) Validate(key string, text []byte) error {
	s.t.Helper()
	schema, ok := s.compiled[key]
	if !ok {
		var err error
		schema, err = s.compiler.Compile(location + "#/components/schemas/" + key)
		require.NoError(s.t, err)
		s.compiled[key] = schema
	}
	return schema.Validate(Value(s.t, text))
}

// Value is what JSON text says, with numbers as they are written.
func Value(t testing.TB, text []byte) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err, "%s", text)
	return value
}
