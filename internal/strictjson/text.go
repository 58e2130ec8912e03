package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text steps over a string and returns what it means, so that an escaped key equals a plain one.
func (s *scanner) text(pointer string) (string, *Error) {
	start := s.at
	s.at++ // the quote
	plain := true
	for {
		switch c := s.peek(); {
		case s.at >= len(s.doc):
			return "", s.syntax(pointer, "a closing quote")
		case c == '"':
			s.at++
			if plain {
				return string(s.doc[start+1 : s.at-1]), nil
			}
			var text string
			if err := json.Unmarshal(s.doc[start:s.at], &text); err != nil {
				return "", &Error{pointer, Syntax, fmt.Sprintf("a broken string starts at byte %d", start)}
			}
			return text, nil
		case c == '\\':
			plain = false
			if err := s.escape(pointer); err != nil {
				return "", err
			}
		case c == 0:
			return "", s.nul(pointer)
		case c < ' ':
			return "", s.syntax(pointer, "no control character in a string")
		case c < utf8.RuneSelf:
			s.at++
		default:
			r, size := utf8.DecodeRune(s.doc[s.at:])
			if r == utf8.RuneError && size <= 1 {
				return "", &Error{pointer, InvalidUTF8, fmt.Sprintf("byte %d is not UTF-8", s.at)}
			}
			s.at += size
		}
	}
}

func (s *scanner) escape(pointer string) *Error {
	s.at++ // the backslash
	c := s.peek()
	if c != 'u' {
		if c == 0 || !bytes.ContainsRune([]byte(`"\/bfnrt`), rune(c)) {
			return s.syntax(pointer, "a known escape")
		}
		s.at++
		return nil
	}
	unit, ok := s.unit()
	switch {
	case !ok:
		return s.syntax(pointer, "four hexadecimal digits")
	case unit == 0:
		return s.nul(pointer)
	case !utf16.IsSurrogate(unit):
		return nil
	}
	if s.peek() == '\\' {
		s.at++
		if s.peek() == 'u' {
			if low, ok := s.unit(); ok && utf16.DecodeRune(unit, low) != utf8.RuneError {
				return nil
			}
		}
	}
	return &Error{pointer, LoneSurrogate, fmt.Sprintf("half of a surrogate pair stands before byte %d", s.at)}
}

// unit reads uXXXX. Where it is broken, it stays in front of it.
func (s *scanner) unit() (rune, bool) {
	if s.at+5 > len(s.doc) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.doc[s.at+1:s.at+5]), 16, 16)
	if err != nil {
		return 0, false
	}
	s.at += 5
	return rune(n), true
}
