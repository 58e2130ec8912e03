package strictjson

import "strings"

// Codes of what can be wrong with a document. They are part of the REST contract: add, never rename.
const (
	Empty          = "empty"            // nothing, or only white space
	ByteOrderMark  = "byte-order-mark"  // the document starts with U+FEFF
	NotAnObject    = "not-an-object"    // the document is JSON, but not an object
	Syntax         = "syntax"           // not JSON (RFC 8259)
	TrailingText   = "trailing-text"    // something follows the document
	DuplicateKey   = "duplicate-key"    // an object names a member twice
	NUL            = "nul"              // U+0000, as a byte or escaped
	InvalidUTF8    = "invalid-utf8"     // bytes that are not UTF-8
	LoneSurrogate  = "lone-surrogate"   // \ud800..\udfff without its other half
	TooDeep        = "too-deep"         // nested deeper than MaxDepth
	UnknownKey     = "unknown-key"      // a member that the struct does not have
	WrongCaseKey   = "wrong-case-key"   // a member that the struct has in another case
	WrongType      = "wrong-type"       // another JSON type than the struct's; null is never right
	NotAnInteger   = "not-an-integer"   // a fraction or an exponent where an integer is due
	IntegerTooWide = "integer-too-wide" // an integer beyond 64 bits
)

// Error is one thing that is wrong with a document. It never contains a value of the document.
type Error struct {
	Pointer string // where, as a JSON pointer (RFC 6901); "" is the whole document
	Code    string // one of the constants above
	Detail  string // one sentence for people
}

// Errors is what Scan, Decode and DecodeKnown return; never empty. Scan stops at the first error, the others find all they can.
type Errors []Error

func (e Errors) Error() string {
	parts := make([]string, len(e))
	for i, one := range e {
		parts[i] = one.Detail
		if one.Pointer != "" {
			parts[i] = one.Pointer + ": " + one.Detail
		}
	}
	return strings.Join(parts, "; ")
}

// longestKey is the longest foreign key that a pointer repeats; what is longer is named by the object it stands in.
const longestKey = 64

// child extends a pointer by a key of the document. A key is repeated so that its sender can find it, but only as far as
// it looks like a key.
func child(pointer, key string) string {
	if len(key) > longestKey {
		return pointer
	}
	for _, r := range key {
		if r < ' ' || r == 0x7f {
			return pointer
		}
	}
	return pointer + "/" + escapePointer.Replace(key)
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")
