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
	List string `json:"l"` // projection, order and conditions
	Sort int64  `json:"s"`
	Key  string `json:"k"`
}

func (m *Model[R]) listName(conditions []Condition) string {
	return fmt.Sprintf("%s/%s/%t/%s", m.projection.Name, m.projection.Order.Column, m.projection.Order.Descending, fingerprint(conditions))
}

func (m *Model[R]) formatCursor(c cursor, conditions []Condition) string {
	c.List = m.listName(conditions)
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
	if decoder.Decode(&c) != nil || c.List != m.listName(query.Where) || !utf8.ValidString(c.Key) || strings.ContainsRune(c.Key, 0) {
		return nil, ErrBadCursor
	}
	if m.formatCursor(c, query.Where) != text {
		return nil, ErrBadCursor
	}
	return &c, nil
}
