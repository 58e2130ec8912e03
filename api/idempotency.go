package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"ordermill/api/v1"
	"ordermill/app"
)

// idempotencyKey reads the header, quoted or bare: both forms of a key are the same key. nil: there is none.
func idempotencyKey(header, scope string, body []byte) (*app.IdempotencyKey, *problem) {
	if header == "" {
		return nil, nil
	}
	key := header
	if strings.HasPrefix(key, `"`) {
		if len(key) < 2 || !strings.HasSuffix(key, `"`) {
			return nil, fail(v1.InvalidHeader, "Idempotency-Key starts with a quote and does not end with one")
		}
		key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(key[1 : len(key)-1])
	}
	if len(key) < 1 || len(key) > 255 {
		return nil, fail(v1.InvalidHeader, "Idempotency-Key must have 1 to 255 characters")
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return nil, fail(v1.InvalidHeader, "Idempotency-Key must be printable ASCII")
		}
	}
	fingerprint := sha256.Sum256(body)
	return &app.IdempotencyKey{Scope: scope, Key: key, Fingerprint: fingerprint[:]}, nil
}

// reply is an answer to a command, as it is kept with the command's receipt for ever: no position, no time of sending.
type reply[Out any] struct {
	status   int
	location string
	body     Out
}

// kept renders a reply into the bytes that are stored: a line with status and location, then the body exactly as it is sent.
func (r reply[Out]) kept() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d %s\n", r.status, r.location)
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r.body); err != nil {
		panic(err) // bodies are plain structs of package v1
	}
	return b.Bytes()
}

// unkeep reads what kept has written, now or years ago.
func unkeep(stored []byte) (status int, location string, body []byte, err error) {
	line, body, found := bytes.Cut(stored, []byte("\n"))
	if _, err := fmt.Sscanf(string(line), "%d %s", &status, &location); err != nil || !found {
		return 0, "", nil, fmt.Errorf("a stored answer of %d bytes does not start with its status and location", len(stored))
	}
	return status, location, body, nil
}
