package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode fills the struct that into points to from a document that Scan has accepted. Keys are matched exactly, by their
// json tags; integers must be written as integers and fit. A field may be a string, a bool, an int64 or int, a pointer to
// one of these, a json.RawMessage, a struct, or a slice of any of these; another kind is a programmer's error and panics.
// A missing key leaves its field alone. Its error is of type Errors.
func Decode(doc []byte, into any) error {
	return (&decoder{}).decode(doc, into)
}

// DecodeKnown does the same, but passes over members that a struct does not have, at every depth. A key in another case is
// such a member too.
func DecodeKnown(doc []byte, into any) error {
	return (&decoder{ignoreUnknown: true}).decode(doc, into)
}

// maxErrors is how many errors are worth telling a sender about at once.
const maxErrors = 20

type decoder struct {
	ignoreUnknown bool
	errors        Errors
}

func (d *decoder) decode(doc []byte, into any) error {
	d.value("", doc, reflect.ValueOf(into).Elem())
	if len(d.errors) > 0 {
		return d.errors
	}
	return nil
}

func (d *decoder) fail(pointer, code, detail string) {
	if len(d.errors) < maxErrors {
		d.errors = append(d.errors, Error{pointer, code, detail})
	}
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func (d *decoder) value(pointer string, doc []byte, to reflect.Value) {
	doc = bytes.TrimSpace(doc)
	if to.Type() == rawMessage {
		to.SetBytes(bytes.Clone(doc))
		return
	}
	switch to.Kind() {
	case reflect.Pointer:
		target := reflect.New(to.Type().Elem())
		d.value(pointer, doc, target.Elem())
		to.Set(target)
	case reflect.Struct:
		d.object(pointer, doc, to)
	case reflect.Slice:
		d.array(pointer, doc, to)
	case reflect.String:
		var text string
		if d.is(pointer, doc, `"`, "a string") && json.Unmarshal(doc, &text) == nil {
			to.SetString(text)
		}
	case reflect.Bool:
		if d.is(pointer, doc, "tf", "true or false") {
			to.SetBool(doc[0] == 't')
		}
	case reflect.Int, reflect.Int64:
		d.integer(pointer, doc, to)
	default:
		panic(fmt.Sprintf("strictjson: a field of type %s can not be decoded", to.Type()))
	}
}

// is reports whether a value starts as its type must.
func (d *decoder) is(pointer string, doc []byte, first, name string) bool {
	if strings.IndexByte(first, doc[0]) >= 0 {
		return true
	}
	d.fail(pointer, WrongType, "must be "+name)
	return false
}

func (d *decoder) integer(pointer string, doc []byte, to reflect.Value) {
	if !d.is(pointer, doc, "-0123456789", "an integer") {
		return
	}
	if bytes.ContainsAny(doc, ".eE") {
		d.fail(pointer, NotAnInteger, "must be an integer, without fraction or exponent")
		return
	}
	n, err := strconv.ParseInt(string(doc), 10, 64)
	if err != nil {
		d.fail(pointer, IntegerTooWide, "does not fit in 64 bits")
		return
	}
	to.SetInt(n)
}

func (d *decoder) array(pointer string, doc []byte, to reflect.Value) {
	var elements []json.RawMessage
	if !d.is(pointer, doc, "[", "an array") || json.Unmarshal(doc, &elements) != nil {
		return
	}
	slice := reflect.MakeSlice(to.Type(), len(elements), len(elements))
	for i, element := range elements {
		d.value(pointer+"/"+strconv.Itoa(i), element, slice.Index(i))
	}
	to.Set(slice)
}

func (d *decoder) object(pointer string, doc []byte, to reflect.Value) {
	var members map[string]json.RawMessage
	if !d.is(pointer, doc, "{", "an object") || json.Unmarshal(doc, &members) != nil {
		return
	}
	fields := map[string]int{}
	for i := range to.NumField() {
		if name, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = i
		}
	}
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if i, ok := fields[key]; ok {
			d.value(child(pointer, key), members[key], to.Field(i))
			continue
		}
		if !d.ignoreUnknown {
			d.unknown(child(pointer, key), key, fields)
		}
	}
}

func (d *decoder) unknown(pointer, key string, fields map[string]int) {
	for name := range fields {
		if strings.EqualFold(name, key) {
			d.fail(pointer, WrongCaseKey, "keys are case-sensitive: write "+name)
			return
		}
	}
	d.fail(pointer, UnknownKey, "no such key here")
}
