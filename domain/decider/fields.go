package decider

import "regexp"

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// Fields collects what is wrong with the members of a request. Pointers are those of the REST body.
type Fields []FieldError

// ID wants 1..64 letters, digits or any of ._:-
func (f *Fields) ID(pointer, value string) {
	if !idPattern.MatchString(value) {
		f.Add(pointer, "bad-id", "1 to 64 letters, digits or any of . _ : -")
	}
}

// Range wants min <= value <= max; detail tells the range.
func (f *Fields) Range(pointer string, value, min, max int64, detail string) {
	if value < min || value > max {
		f.Add(pointer, "out-of-range", detail)
	}
}

// Add notes one more place that is wrong.
func (f *Fields) Add(pointer, code, detail string) {
	*f = append(*f, FieldError{Pointer: pointer, Code: code, Detail: detail})
}

// Refusal is the error to return: validation-failed with every place, or nil if nothing is wrong.
func (f Fields) Refusal() error {
	if len(f) == 0 {
		return nil
	}
	return &Refusal{Code: "validation-failed", Detail: "a member of the request is missing or out of range; errors names it", Errors: f}
}
