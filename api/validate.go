package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
)

// validator checks a well-formed body against the limits that its OpenAPI schema promises: one source for both.
type validator struct {
	schemas  huma.Registry
	patterns sync.Map // pattern -> *regexp.Regexp
}

// check returns every required member that is missing and every value that is out of range. Types are strictjson's to check.
func (v *validator) check(schema *huma.Schema, doc []byte) []v1.FieldError {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil // strictjson has refused it already
	}
	var errs []v1.FieldError
	v.walk("", schema, value, &errs)
	slices.SortFunc(errs, func(a, b v1.FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	return errs
}

func (v *validator) walk(pointer string, s *huma.Schema, value any, errs *[]v1.FieldError) {
	if s.Ref != "" {
		s = v.schemas.SchemaFromRef(s.Ref)
	}
	fail := func(at, code, detail string) {
		*errs = append(*errs, v1.FieldError{Pointer: at, Code: code, Detail: detail})
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, there := value[name]; !there {
				fail(pointer+"/"+name, "required", "is required")
			}
		}
		for name, property := range s.Properties {
			if member, there := value[name]; there {
				v.walk(pointer+"/"+name, property, member, errs)
			}
		}
	case []any:
		switch {
		case s.MinItems != nil && len(value) < *s.MinItems:
			fail(pointer, "too-few", fmt.Sprintf("must have at least %d items", *s.MinItems))
		case s.MaxItems != nil && len(value) > *s.MaxItems:
			fail(pointer, "too-many", fmt.Sprintf("must have at most %d items", *s.MaxItems))
		case s.Items != nil:
			for i, item := range value {
				v.walk(pointer+"/"+strconv.Itoa(i), s.Items, item, errs)
			}
		}
	case string:
		switch length := utf8.RuneCountInString(value); {
		case s.Enum != nil && !slices.Contains(s.Enum, any(value)):
			fail(pointer, "not-allowed", "must be "+choice(s.Enum))
		case s.MinLength != nil && length < *s.MinLength:
			fail(pointer, "too-short", fmt.Sprintf("must have at least %d characters", *s.MinLength))
		case s.MaxLength != nil && length > *s.MaxLength:
			fail(pointer, "too-long", fmt.Sprintf("must have at most %d characters", *s.MaxLength))
		case s.Pattern != "" && !v.pattern(s.Pattern).MatchString(value):
			fail(pointer, "pattern", "must match "+s.Pattern)
		}
	case json.Number:
		n, err := value.Int64()
		switch {
		case err != nil:
		case s.Minimum != nil && n < int64(*s.Minimum):
			fail(pointer, "too-small", fmt.Sprintf("must be at least %d", int64(*s.Minimum)))
		case s.Maximum != nil && n > int64(*s.Maximum):
			fail(pointer, "too-large", fmt.Sprintf("must be at most %d", int64(*s.Maximum)))
		}
	}
}

func (v *validator) pattern(expression string) *regexp.Regexp {
	if known, ok := v.patterns.Load(expression); ok {
		return known.(*regexp.Regexp)
	}
	compiled := regexp.MustCompile(expression)
	v.patterns.Store(expression, compiled)
	return compiled
}

// choice names what may be chosen: "apply, refund or dismiss".
func choice(values []any) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = fmt.Sprint(value)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
