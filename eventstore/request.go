package eventstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Errors that callers match with errors.Is.
var (
	// ErrInvalid marks a request that breaks the log's own rules (names, versions, missing checks).
	ErrInvalid = errors.New("invalid append request")
	// ErrRejected is the database's deterministic "no" to what was sent (a value it cannot hold, a broken constraint): trying again cannot help.
	ErrRejected = errors.New("the database rejected the write")
	// ErrRolledBack means the database says nothing was written and that another try may succeed (deadlock, lock timeout).
	ErrRolledBack = errors.New("the database rolled the append back")
	// ErrUnavailable means the database cannot be used now (away, full, read-only) and nothing was written.
	ErrUnavailable = errors.New("the event store is unavailable")
	// ErrOutcomeUnknown means the answer to COMMIT never came: the batch is either wholly in the log or not at all.
	ErrOutcomeUnknown = errors.New("outcome of the append is unknown")
	// ErrNotEmpty: a log that was to be given another one's id holds something already.
	ErrNotEmpty = errors.New("the log is not empty")
)

// Request is one command's write: all of it or nothing.
type Request struct {
	CommandID uuid.UUID
	// Receipts are looked up first, in this order; they are written with the events unless they carry no Response.
	Receipts []Receipt
	// Expected holds the exact version of every stream that was written or only looked at; 0 means it must not exist.
	Expected map[string]int64
	// Events may be empty: then the request is a checked "no" (or "already so").
	Events []Event
}

// Receipt is a command's stored answer, found again by scope and key.
type Receipt struct {
	Scope       string
	Key         string
	Fingerprint []byte // of what was asked; the same key with another fingerprint is a conflict
	Response    []byte // what was answered; nil: look it up, do not store it
	Position    int64  // last position the command wrote, 0 if none; set by the Store
}

// Outcome is what became of one request: Appended, Duplicate, KeyConflict, WrongVersion or Failed.
//
//sumtype:decl
type Outcome interface{ outcome() }

type (
	// Appended: the request is in the log. First and Last are 0 if it held no events.
	Appended struct{ First, Last int64 }
	// Duplicate: a receipt with this scope, key and fingerprint was there already; here it is.
	Duplicate struct{ Receipt Receipt }
	// KeyConflict: a receipt with this scope and key was there, for something else.
	KeyConflict struct{ Receipt Receipt }
	// WrongVersion: Stream stands at Actual, not where the request expected it.
	WrongVersion struct {
		Stream           string
		Expected, Actual int64
	}
	// Failed: this request alone was not written. ErrInvalid and ErrRejected: it never can be; any other error is as from Append.
	Failed struct{ Err error }
)

func (Appended) outcome()     {}
func (Duplicate) outcome()    {}
func (KeyConflict) outcome()  {}
func (WrongVersion) outcome() {}
func (Failed) outcome()       {}

// validate reports what is wrong with a request before any database is asked.
func (r Request) validate() error {
	if r.CommandID == uuid.Nil {
		return fmt.Errorf("%w: no command id", ErrInvalid)
	}
	for stream, version := range r.Expected {
		if _, _, err := SplitStream(stream); err != nil {
			return err
		}
		if version < 0 {
			return fmt.Errorf("%w: expected version of %s is %d; there is no \"any\" version", ErrInvalid, stream, version)
		}
	}
	for _, e := range r.Events {
		if err := e.validate(); err != nil {
			return err
		}
		if _, ok := r.Expected[e.Stream]; !ok {
			return fmt.Errorf("%w: writes %s without an expected version", ErrInvalid, e.Stream)
		}
	}
	for _, receipt := range r.Receipts {
		if !storable(receipt.Scope) || !storable(receipt.Key) {
			return fmt.Errorf("%w: a receipt's scope and key are 1..%d bytes of UTF-8 without NUL", ErrInvalid, maxText)
		}
	}
	return nil
}

func (e Event) validate() error {
	switch {
	case !storable(e.Type):
		return fmt.Errorf("%w: the type of an event for %s is not 1..%d bytes of UTF-8 without NUL", ErrInvalid, e.Stream, maxText)
	case e.SchemaVersion < 1 || e.SchemaVersion > math.MaxInt32:
		return fmt.Errorf("%w: %s has schema version %d", ErrInvalid, e.Type, e.SchemaVersion)
	case !json.Valid(e.Data) || !utf8.Valid(e.Data): // encoding/json lets broken UTF-8 pass, Postgres does not
		return fmt.Errorf("%w: data of %s is not JSON in UTF-8", ErrInvalid, e.Type)
	case !json.Valid(e.Metadata) || !utf8.Valid(e.Metadata) || !bytes.HasPrefix(e.Metadata, []byte("{")):
		return fmt.Errorf("%w: metadata of %s is not a JSON object", ErrInvalid, e.Type)
	}
	return nil
}

// maxText is what every database can hold in one part of a key.
const maxText = 1000

// storable reports whether every database keeps the text as it is.
func storable(s string) bool {
	return s != "" && len(s) <= maxText && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}
