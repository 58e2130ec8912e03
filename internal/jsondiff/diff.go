package jsondiff

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Change is a smallest part that differs.
type Change struct {
	Path   []string        // names of members and numbers of elements, from the outside in; empty for the whole text
	Before json.RawMessage // nil: it was not there
	After  json.RawMessage // nil: it is not there any more
}

// Pointer is the path as RFC 6901 writes it.
func (c Change) Pointer() string {
	escape, pointer := strings.NewReplacer("~", "~0", "/", "~1"), ""
	for _, part := range c.Path {
		pointer += "/" + escape.Replace(part)
	}
	return pointer
}

// Of tells the differences of two JSON texts, objects by their members and arrays by their elements, in the order of members'
// names and elements' numbers. Numbers are compared as they are written. A text that is not JSON differs as a whole; nil is none.
func Of(before, after []byte) []Change { return of(nil, before, after, nil) }

func of(path []string, before, after json.RawMessage, all []Change) []Change {
	if bytes.Equal(before, after) && (before == nil) == (after == nil) {
		return all
	}
	var left, right map[string]json.RawMessage
	if members(before, &left) && members(after, &right) {
		names := maps.Clone(left)
		maps.Copy(names, right)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			all = of(within(path, name), left[name], right[name], all)
		}
		return all
	}
	var first, second []json.RawMessage
	if elements(before, &first) && elements(after, &second) {
		for i := range max(len(first), len(second)) {
			all = of(within(path, strconv.Itoa(i)), element(first, i), element(second, i), all)
		}
		return all
	}
	return append(all, Change{path, before, after})
}

func members(text []byte, into *map[string]json.RawMessage) bool {
	return json.Unmarshal(text, into) == nil && *into != nil
}

func elements(text []byte, into *[]json.RawMessage) bool {
	return json.Unmarshal(text, into) == nil && *into != nil
}

func element(of []json.RawMessage, i int) json.RawMessage {
	if i < len(of) {
		return of[i]
	}
	return nil
}

// within is a path of its own: the next one must not overwrite it.
func within(path []string, part string) []string { return append(slices.Clip(path), part) }
