package strictjson

import (
	"bytes"
	"fmt"
	"strconv"
)

// MaxDepth is how deeply objects and arrays may be nested; the document itself is the first level.
const MaxDepth = 32

// Scan checks that doc is exactly one JSON object that every reader understands in the same way: no byte order mark, no
// text after it, no key twice in an object, no NUL, no broken UTF-8, no half of a surrogate pair, not deeper than MaxDepth.
// Its error is of type Errors. It keeps nothing of doc.
func Scan(doc []byte) error {
	s := scanner{doc: doc}
	if err := s.document(); err != nil {
		return Errors{*err}
	}
	return nil
}

type scanner struct {
	doc   []byte
	at    int
	depth int
}

func (s *scanner) document() *Error {
	if bytes.HasPrefix(s.doc, []byte("\ufeff")) {
		return &Error{"", ByteOrderMark, "the document starts with a byte order mark; send UTF-8 without one"}
	}
	s.space()
	if s.at == len(s.doc) {
		return &Error{"", Empty, "the document is empty"}
	}
	object := s.peek() == '{'
	if err := s.value(""); err != nil {
		return err
	}
	if !object {
		return &Error{"", NotAnObject, "the document must be an object"}
	}
	s.space()
	if s.at < len(s.doc) {
		return &Error{"", TrailingText, fmt.Sprintf("text follows the document at byte %d", s.at)}
	}
	return nil
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.doc) {
		return s.doc[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.doc) {
		switch s.doc[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) syntax(pointer, expected string) *Error {
	switch {
	case s.at >= len(s.doc):
		return &Error{pointer, Syntax, "the document ends too early: expected " + expected}
	case s.doc[s.at] == 0:
		return s.nul(pointer)
	default:
		return &Error{pointer, Syntax, fmt.Sprintf("expected %s at byte %d", expected, s.at)}
	}
}

func (s *scanner) nul(pointer string) *Error {
	return &Error{pointer, NUL, fmt.Sprintf("a NUL character stands at byte %d", s.at)}
}

func (s *scanner) value(pointer string) *Error {
	switch c := s.peek(); {
	case c == '{':
		return s.nested(pointer, s.object)
	case c == '[':
		return s.nested(pointer, s.array)
	case c == '"':
		_, err := s.text(pointer)
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number(pointer)
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.doc[s.at:], []byte(word)) {
			s.at += len(word)
			return nil
		}
	}
	return s.syntax(pointer, "a value")
}

func (s *scanner) nested(pointer string, content func(string) *Error) *Error {
	if s.depth == MaxDepth {
		return &Error{pointer, TooDeep, fmt.Sprintf("nested deeper than %d levels", MaxDepth)}
	}
	s.depth++
	s.at++ // the bracket
	s.space()
	err := content(pointer)
	s.depth--
	return err
}

func (s *scanner) object(pointer string) *Error {
	keys := map[string]bool{}
	for first := true; ; first = false {
		if first && s.peek() == '}' {
			s.at++
			return nil
		}
		if s.peek() != '"' {
			return s.syntax(pointer, "a key in double quotes")
		}
		key, err := s.text(pointer)
		if err != nil {
			return err
		}
		here := child(pointer, key)
		if keys[key] {
			return &Error{here, DuplicateKey, "the key stands twice in its object"}
		}
		keys[key] = true
		s.space()
		if s.peek() != ':' {
			return s.syntax(here, "a colon")
		}
		s.at++
		s.space()
		if err := s.value(here); err != nil {
			return err
		}
		if more, err := s.next(pointer, '}'); err != nil || !more {
			return err
		}
	}
}

func (s *scanner) array(pointer string) *Error {
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for i := 0; ; i++ {
		if err := s.value(pointer + "/" + strconv.Itoa(i)); err != nil {
			return err
		}
		if more, err := s.next(pointer, ']'); err != nil || !more {
			return err
		}
	}
}

// next steps over a comma (true) or the closing bracket (false).
func (s *scanner) next(pointer string, closing byte) (more bool, err *Error) {
	s.space()
	switch s.peek() {
	case ',':
		s.at++
		s.space()
		return true, nil
	case closing:
		s.at++
		return false, nil
	}
	return false, s.syntax(pointer, fmt.Sprintf("a comma or %q", closing))
}

// number follows RFC 8259, section 6.
func (s *scanner) number(pointer string) *Error {
	digits := func() bool {
		start := s.at
		for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
			s.at++
		}
		return s.at > start
	}
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if !digits() {
		return s.syntax(pointer, "a digit")
	}
	if s.peek() == '.' {
		s.at++
		if !digits() {
			return s.syntax(pointer, "a digit")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if !digits() {
			return s.syntax(pointer, "a digit")
		}
	}
	return nil
}
