package strictjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/strictjson"
)

type order struct {
	ID       string          `json:"order_id"`
	Quantity int64           `json:"quantity"`
	Gift     bool            `json:"gift"`
	Price    *int64          `json:"price_minor,omitempty"`
	Items    []item          `json:"items"`
	Payload  json.RawMessage `json:"payload"`
	Ignored  string          `json:"-"`
}

type item struct {
	SKU string `json:"sku"`
}

func TestDecode_fillsTheStruct(t *testing.T) {
	var got order
	doc := ` {"order_id":"a\u00e9", "quantity":-9223372036854775808, "gift":true, "price_minor":0, "items":[ {"sku":"x"}, {} ], "payload": {"any":1.5e3} } `
	require.NoError(t, strictjson.Scan([]byte(doc)))
	require.NoError(t, strictjson.Decode([]byte(doc), &got))
	require.Equal(t, order{
		ID: "aé", Quantity: -1 << 63, Gift: true, Price: new(int64),
		Items: []item{{"x"}, {}}, Payload: json.RawMessage(`{"any":1.5e3}`),
	}, got)
}

func TestDecode_missingKey_leavesTheField(t *testing.T) {
	got := order{ID: "before"}
	require.NoError(t, strictjson.Decode([]byte(`{}`), &got))
	require.Equal(t, order{ID: "before"}, got)
}

func TestDecode_refuses(t *testing.T) {
	for _, c := range []struct{ doc, code, pointer string }{
		{`{"colour":1}`, strictjson.UnknownKey, "/colour"},
		{`{"items":[{"sku":"x"},{"size":1}]}`, strictjson.UnknownKey, "/items/1/size"},
		{`{"Ignored":1}`, strictjson.UnknownKey, "/Ignored"},
		{`{"-":1}`, strictjson.UnknownKey, "/-"},
		{`{"Order_ID":"1"}`, strictjson.WrongCaseKey, "/Order_ID"},
		{`{"order_id":1}`, strictjson.WrongType, "/order_id"},
		{`{"order_id":null}`, strictjson.WrongType, "/order_id"},
		{`{"price_minor":null}`, strictjson.WrongType, "/price_minor"},
		{`{"price_minor":"1"}`, strictjson.WrongType, "/price_minor"},
		{`{"gift":1}`, strictjson.WrongType, "/gift"},
		{`{"gift":null}`, strictjson.WrongType, "/gift"},
		{`{"items":{}}`, strictjson.WrongType, "/items"},
		{`{"items":["x"]}`, strictjson.WrongType, "/items/0"},
		{`{"items":null}`, strictjson.WrongType, "/items"},
		{`{"quantity":1.0}`, strictjson.NotAnInteger, "/quantity"},
		{`{"quantity":1e2}`, strictjson.NotAnInteger, "/quantity"},
		{`{"quantity":1E2}`, strictjson.NotAnInteger, "/quantity"},
		{`{"quantity":9223372036854775808}`, strictjson.IntegerTooWide, "/quantity"},
		{`{"price_minor":-9223372036854775809}`, strictjson.IntegerTooWide, "/price_minor"},
	} {
		t.Run(c.doc, func(t *testing.T) {
			require.NoError(t, strictjson.Scan([]byte(c.doc)))
			var found strictjson.Errors
			require.ErrorAs(t, strictjson.Decode([]byte(c.doc), &order{}), &found)
			require.Len(t, found, 1)
			require.Equal(t, c.code, found[0].Code)
			require.Equal(t, c.pointer, found[0].Pointer)
		})
	}
}

func TestDecodeKnown_passesOverWhatTheStructDoesNotHave_atEveryDepth(t *testing.T) {
	var got order
	doc := `{"colour":{"order_id":2}, "Order_ID":3, "-":4, "order_id":"a", "items":[{"size":[5],"SKU":6,"sku":"x"}]}`
	require.NoError(t, strictjson.Scan([]byte(doc)))
	require.NoError(t, strictjson.DecodeKnown([]byte(doc), &got))
	require.Equal(t, order{ID: "a", Items: []item{{"x"}}}, got)
}

func TestDecodeKnown_isStrictAboutWhatTheStructHas(t *testing.T) {
	for doc, want := range map[string]string{
		`{"colour":1,"order_id":1}`:                 "/order_id: must be a string",
		`{"colour":1,"price_minor":null}`:           "/price_minor: must be an integer",
		`{"items":[{"size":1},{"size":1,"sku":2}]}`: "/items/1/sku: must be a string",
		`{"items":["x"]}`:                           "/items/0: must be an object",
	} {
		require.EqualError(t, strictjson.DecodeKnown([]byte(doc), &order{}), want, doc)
	}
}

func TestDecode_tellsAllErrorsButNotAThousand(t *testing.T) {
	var found strictjson.Errors
	require.ErrorAs(t, strictjson.Decode([]byte(`{"order_id":1,"quantity":"a","x":1}`), &order{}), &found)
	require.Len(t, found, 3)
	require.Equal(t, "/order_id: must be a string; /quantity: must be an integer; /x: no such key here", found.Error())

	many := `{"items":[` + strings.TrimSuffix(strings.Repeat("1,", 1000), ",") + `]}`
	require.ErrorAs(t, strictjson.Decode([]byte(many), &order{}), &found)
	require.Len(t, found, 20)
}

func TestErrors_neverEchoAValue(t *testing.T) {
	for _, doc := range []string{
		`{"order_id":"S3CRET"x}`, `{"order_id":["S3CRET"]}`, `{"quantity":"S3CRET"}`, `{"items":"S3CRET"}`, `{"gift":"S3CRET"}`,
		`{"other":"S3CRET"}`, `{"order_id":"S3CRET","order_id":"S3CRET"}`, `{"order_id":"S3CRET\u0000"}`, `{} S3CRET`,
	} {
		err := strictjson.Scan([]byte(doc))
		if err == nil {
			err = strictjson.Decode([]byte(doc), &order{})
		}
		require.Error(t, err, doc)
		require.NotContains(t, err.Error(), "S3CRET", doc)
	}
}

// FuzzDecode: whatever Scan accepts, Decode answers with a struct or with coded errors.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"order_id":"1","quantity":2,"gift":false,"price_minor":3,"items":[{"sku":"x"}],"payload":[1]}`))
	f.Add([]byte(`{"ORDER_ID":1,"quantity":1.5,"items":[null]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if strictjson.Scan(doc) != nil {
			return
		}
		var strict, lax order
		if strictjson.Decode(doc, &strict) != nil {
			return
		}
		if err := json.Unmarshal(doc, &lax); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %q: %v", doc, err)
		}
		require.Equal(t, lax.ID, strict.ID)
		require.Equal(t, lax.Quantity, strict.Quantity)
		require.Equal(t, len(lax.Items), len(strict.Items))
		var known order
		require.NoError(t, strictjson.DecodeKnown(doc, &known))
		require.Equal(t, strict, known)
	})
}
