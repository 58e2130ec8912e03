package projections

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// cursor is the last row of a page. It is opaque to clients and bound to the list it came from.
type cursor struct {
	List string `json:"l"` // projection, generation if it is frozen, order and conditions
	Sort int64  `json:"s"`
	Key  string `json:"k"`
}

func (m *Model[R]) listName(query Query) string {
	name := m.projection.Name
	if query.Frozen != 0 {
		name = consumerName(name, query.Frozen)
	}
	return fmt.Sprintf("%s/%s/%t/%s", name, m.projection.Order.Column, m.projection.Order.Descending, fingerprint(query.Where))
}

func (m *Model[R]) formatCursor(c cursor, query Query) string {
	c.List = m.listName(query)
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseCursor reads a client's cursor; nil for none.
func (m *Model[R]) parseCursor(query Query) (*cursor, error) {
	text := query.Cursor
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrBadCursor
	}
	var c cursor
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&c) != nil || c.List != m.listName(query) || !utf8.ValidString(c.Key) || strings.ContainsRune(c.Key, 0) {
		return nil, ErrBadCursor
	}
	if m.formatCursor(c, query) != text {
		return nil, ErrBadCursor
	}
	return &c, nil
}
