package transfer

import (
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
)

// Format is the version of the file's shape.
const Format = 1

// Errors of a move, matched with errors.Is.
var (
	// ErrDamaged: the file is not as an export wrote it, or ends too early. Nothing of what could not be checked was written.
	ErrDamaged = errors.New("the file cannot be imported")
	// ErrOtherLog: the target holds another log, or went on by itself.
	ErrOtherLog = errors.New("the target does not hold the beginning of this log")
	// ErrServed: somebody serves the target.
	ErrServed = errors.New("the target is being served")
	// ErrUnfinished: an import into this store has begun and not ended.
	ErrUnfinished = errors.New("an import into this store has not ended")
)

// Header is the first line of a file: which log it is, and how far it goes.
type Header struct {
	Format  int       `json:"format"`
	LogID   uuid.UUID `json:"log_id"`
	Head    Head      `json:"head"`
	Schema  int64     `json:"schema"`  // version of the store that was exported
	Program string    `json:"program"` // version of the program that exported it
}

// Head is the log's last event; zero when the log is empty.
type Head struct {
	Position int64     `json:"position"`
	EventID  uuid.UUID `json:"event_id"`
}

// Summary is what was moved: the rows of each table.
type Summary struct {
	LogID  uuid.UUID        `json:"log_id"`
	Head   int64            `json:"head"` // position of the log's last event
	Counts map[string]int64 `json:"counts"`
}

// A file is lines of JSON objects, each with one member. The first is a header and the last an end; between them are rows, by
// table and key, and after every batchLines rows or batchBytes bytes a check. A check, and the end, has the SHA-256 of everything
// before it in the file: rows are written into a store only when the check after them is right.
const (
	headerMember = "export"
	checkMember  = "check"
	endMember    = "end"

	batchLines = 500
	batchBytes = 4 << 20
	// longestLine is more than any row needs: a broker's letter, in base64.
	longestLine = 256 << 20
)

type check struct {
	SHA256 digest `json:"sha256"`
}

type end struct {
	Counts map[string]int64 `json:"counts"`
	SHA256 digest           `json:"sha256"`
}

// digest is a hash in hexadecimal.
type digest string

func digestOf(sum []byte) digest { return digest(hex.EncodeToString(sum)) }

// object is a line with one member, without its end.
func object(member string, value any) ([]byte, error) {
	return json.Marshal(map[string]any{member: value})
}
