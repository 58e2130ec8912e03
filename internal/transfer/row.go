package transfer

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// row is one row of a table: a string, an int64 or a []byte for each of its columns.
type row struct {
	table  int // place in tables
	values []any
}

// appendRow writes a row as a line without its end: {"TABLE":{"COLUMN":VALUE,...}}, the columns in the table's order.
func appendRow(line []byte, t table, values []any) ([]byte, error) {
	line = append(append(append(line, `{"`...), t.name...), `":{`...)
	for i, c := range t.columns {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(append(line, '"'), c.name...), `":`...)
		var err error
		if line, err = appendValue(line, values[i]); err != nil {
			return line, fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	return append(line, '}', '}'), nil
}

func appendValue(line []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case int64:
		return strconv.AppendInt(line, v, 10), nil
	case []byte:
		line = base64.StdEncoding.AppendEncode(append(line, '"'), v)
		return append(line, '"'), nil
	case string:
		if !utf8.ValidString(v) {
			return line, errors.New("the text is not UTF-8 and would not come back as it is")
		}
		out := bytes.NewBuffer(line)
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(v)
		return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
	}
	return line, fmt.Errorf("a value of type %T", value)
}

// parseRow reads what appendRow wrote of the columns.
func parseRow(index int, object []byte) (row, error) {
	t := tables[index]
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return row{}, err
	}
	r := row{table: index, values: make([]any, len(t.columns))}
	for i, c := range t.columns {
		member, ok := members[c.name]
		if !ok {
			return row{}, fmt.Errorf("%s has no %s", t.name, c.name)
		}
		var err error
		if r.values[i], err = parseValue(c.kind, member); err != nil {
			return row{}, fmt.Errorf("%s of %s: %w", c.name, t.name, err)
		}
	}
	if len(members) != len(t.columns) {
		return row{}, fmt.Errorf("%s has columns that this program does not know", t.name)
	}
	return r, nil
}

func parseValue(k kind, member []byte) (any, error) {
	switch k {
	case number:
		var n int64
		err := json.Unmarshal(member, &n)
		return n, err
	case binary:
		b := []byte{}
		err := json.Unmarshal(member, &b)
		if b == nil {
			err = errors.New("null")
		}
		return b, err
	}
	var s string
	err := json.Unmarshal(member, &s)
	return s, err
}

// scanner is where the values of one row are scanned.
func (t table) scanner() []any {
	into := make([]any, len(t.columns))
	for i, c := range t.columns {
		switch c.kind {
		case number:
			into[i] = new(int64)
		case binary:
			into[i] = new([]byte)
		default:
			into[i] = new(string)
		}
	}
	return into
}

// scanned are the values that were scanned.
func scanned(into []any) []any {
	values := make([]any, len(into))
	for i, v := range into {
		switch v := v.(type) {
		case *int64:
			values[i] = *v
		case *[]byte:
			values[i] = *v
		case *string:
			values[i] = *v
		}
	}
	return values
}
