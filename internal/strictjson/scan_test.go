package strictjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/strictjson"
)

func TestScan_accepts(t *testing.T) {
	for _, doc := range []string{
		`{}`,
		" \t\r\n{} \n",
		`{"a":[],"b":{},"c":[1,-0,0.5,1e9,-1.25E-3,12345678901234567890],"d":[true,false,null]}`,
		`{"text":"Grüße 🧸 \ud83e\uddf8 \"\\\/\b\f\n\r\t é"}`,
		`{"":1}`,
		nested(strictjson.MaxDepth),
	} {
		require.NoError(t, strictjson.Scan([]byte(doc)), doc)
		require.True(t, json.Valid([]byte(doc)), doc)
	}
}

func TestScan_refuses(t *testing.T) {
	for _, c := range []struct{ name, doc, code, pointer string }{
		{"empty", "", strictjson.Empty, ""},
		{"white space only", " \n", strictjson.Empty, ""},
		{"byte order mark", "\ufeff{}", strictjson.ByteOrderMark, ""},
		{"an array", `[]`, strictjson.NotAnObject, ""},
		{"a string", `"a"`, strictjson.NotAnObject, ""},
		{"null", `null`, strictjson.NotAnObject, ""},
		{"cut off", `{"a":`, strictjson.Syntax, "/a"},
		{"cut off in a string", `{"a":"b`, strictjson.Syntax, "/a"},
		{"cut off in a key", `{"a`, strictjson.Syntax, ""},
		{"cut off in an escape", `{"a":"\`, strictjson.Syntax, "/a"},
		{"cut off in a unicode escape", `{"a":"\u12`, strictjson.Syntax, "/a"},
		{"no quotes", `{a:1}`, strictjson.Syntax, ""},
		{"single quotes", `{'a':1}`, strictjson.Syntax, ""},
		{"trailing comma", `{"a":1,}`, strictjson.Syntax, ""},
		{"trailing comma in an array", `{"a":[1,]}`, strictjson.Syntax, "/a/1"},
		{"leading zero", `{"a":01}`, strictjson.Syntax, ""},
		{"plus sign", `{"a":+1}`, strictjson.Syntax, "/a"},
		{"bare fraction", `{"a":1.}`, strictjson.Syntax, "/a"},
		{"NaN", `{"a":NaN}`, strictjson.Syntax, "/a"},
		{"comment", `{/**/}`, strictjson.Syntax, ""},
		{"control character", "{\"a\":\"\n\"}", strictjson.Syntax, "/a"},
		{"unknown escape", `{"a":"\x41"}`, strictjson.Syntax, "/a"},
		{"trailing text", `{} x`, strictjson.TrailingText, ""},
		{"second document", `{}{}`, strictjson.TrailingText, ""},
		{"duplicate key", `{"a":1,"b":{"c":1,"c":2}}`, strictjson.DuplicateKey, "/b/c"},
		{"duplicate key, escaped", `{"a":1,"\u0061":2}`, strictjson.DuplicateKey, "/a"},
		{"NUL byte in a string", "{\"a\":\"\x00\"}", strictjson.NUL, "/a"},
		{"NUL byte between tokens", "{\x00}", strictjson.NUL, ""},
		{"escaped NUL", `{"a":["x","\u0000"]}`, strictjson.NUL, "/a/1"},
		{"escaped NUL in a key", `{"\u0000":1}`, strictjson.NUL, ""},
		{"broken UTF-8", "{\"a\":\"\xff\"}", strictjson.InvalidUTF8, "/a"},
		{"overlong UTF-8", "{\"a\":\"\xc0\xaf\"}", strictjson.InvalidUTF8, "/a"},
		{"a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", strictjson.InvalidUTF8, "/a"},
		{"lone high surrogate", `{"a":"\ud83e"}`, strictjson.LoneSurrogate, "/a"},
		{"lone low surrogate", `{"a":"\uddf8"}`, strictjson.LoneSurrogate, "/a"},
		{"high surrogate and a letter", `{"a":"\ud83e\u0041"}`, strictjson.LoneSurrogate, "/a"},
		{"too deep", nested(strictjson.MaxDepth + 1), strictjson.TooDeep, strings.Repeat("/a", strictjson.MaxDepth)},
		{"far too deep", strings.Repeat(`{"a":`, 1<<20), strictjson.TooDeep, strings.Repeat("/a", strictjson.MaxDepth)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var found strictjson.Errors
			require.ErrorAs(t, strictjson.Scan([]byte(c.doc)), &found)
			require.Len(t, found, 1)
			require.Equal(t, c.code, found[0].Code, found.Error())
			require.Equal(t, c.pointer, found[0].Pointer)
		})
	}
}

// TestScan_pointer_escapesAndBounds: a pointer is valid (RFC 6901) and never becomes a way to have text repeated.
func TestScan_pointer_escapesAndBounds(t *testing.T) {
	for doc, pointer := range map[string]string{
		`{"a/b~c":x}`:                           "/a~1b~0c",
		`{"` + strings.Repeat("k", 65) + `":x}`: "",
		`{"line\nbreak":x}`:                     "",
	} {
		var found strictjson.Errors
		require.ErrorAs(t, strictjson.Scan([]byte(doc)), &found)
		require.Equal(t, pointer, found[0].Pointer, doc)
	}
}

// FuzzScan: what Scan accepts, encoding/json accepts too, and reads without replacing anything.
func FuzzScan(f *testing.F) {
	for _, doc := range []string{`{}`, `{"a":[1,2.5e3,"é",null,true]}`, `{"a":"\ud83e\uddf8"}`, `{"a":1,"a":2}`, "\ufeff{}", `[`, "{\"a\":\"\x00\"}"} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := strictjson.Scan(doc)
		var found strictjson.Errors
		switch {
		case err == nil && !json.Valid(doc):
			t.Fatalf("accepted what is not JSON: %q", doc)
		case err == nil:
			var members map[string]any
			if json.Unmarshal(doc, &members) != nil {
				t.Fatalf("accepted what is not an object: %q", doc)
			}
		case !errors.As(err, &found) || len(found) != 1 || found[0].Code == "":
			t.Fatalf("an error without a code: %v", err)
		case found[0].Code == strictjson.Syntax && json.Valid(doc):
			t.Fatalf("calls valid JSON broken: %q: %v", doc, err)
		}
	})
}

func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels-1) + "{}" + strings.Repeat("}", levels-1)
}
