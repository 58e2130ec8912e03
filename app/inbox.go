package app

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"ordermill/domain/decider"
)

// refusedKept is how long a refused letter's bytes are kept. Letters about money stay: somebody has to look at them.
const refusedKept = 30 * 24 * time.Hour

// Letter is one letter as a transport brought it.
type Letter struct {
	Source    string // http, amqp or redis
	MessageID string // set by the sender on the transport (AMQP message_id), else ""
	Ref       string // where it stands in its transport (Redis entry id), else ""; the same Ref is the same arrival
	Amiss     string // why it can be no letter, as its transport saw; Body is then what there was instead. Else ""
	Body      []byte
}

// Inbox takes letters from brokers, where nobody waits for an answer: what cannot be done is kept with its bytes.
type Inbox struct {
	desk *Desk
	db   *sql.DB
}

// NewInbox keeps refused letters in the log place's database, by a handle whose commits are durable.
func NewInbox(desk *Desk, durable *sql.DB) *Inbox { return &Inbox{desk, durable} }

// Receive returns nil once the letter's outcome is committed: only then may it be acknowledged. An error means that nothing
// was decided (the store is away); the same letter has to be brought again.
func (i *Inbox) Receive(ctx context.Context, letter Letter) error {
	if letter.Amiss != "" {
		return i.keep(ctx, letter, &decider.Refusal{Code: "validation-failed", Detail: letter.Amiss})
	}
	_, err := i.desk.letter(ctx, Call{Actor: letter.Source}, letter)
	var refusal *decider.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return i.keep(ctx, letter, refusal)
}

// keep writes a refused letter with its reason.
func (i *Inbox) keep(ctx context.Context, letter Letter, refusal *decider.Refusal) error {
	problem, err := json.Marshal(refusal)
	if err != nil {
		return err
	}
	eventType := readableType(letter.Body)
	_, err = i.db.ExecContext(ctx, `
		INSERT INTO inbox (message_id, source, event_type, raw, problem, received_at) VALUES ($1, $2, $3, $4, $5, now_ms())
		ON CONFLICT (message_id) DO NOTHING`,
		arrivalID(letter).String(), letter.Source, eventType, letter.Body, string(problem))
	if err != nil {
		return err
	}
	i.desk.log.Error("a letter was refused and kept", "source", letter.Source, "event_type", eventType, "code", refusal.Code)
	_, err = i.db.ExecContext(ctx, `DELETE FROM inbox WHERE received_at < now_ms() - $1 AND event_type NOT LIKE 'payment.%'`,
		refusedKept.Milliseconds())
	return err
}

// arrivalID is the message id of one arrival. A letter that has a place in its transport gets the same id each time it is
// brought, so that its outcome is found again. All are UUIDv7: letters sort by arrival (a Redis entry's place begins with its ms).
func arrivalID(letter Letter) uuid.UUID {
	ms, _, _ := strings.Cut(letter.Ref, "-")
	at, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return uuid.Must(uuid.NewV7())
	}
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(letter.Source+":"+letter.Ref))
	var first [8]byte
	binary.BigEndian.PutUint64(first[:], uint64(at)<<16)
	copy(id[:6], first[:6])
	id[6] = 0x70 | id[6]&0x0f
	return id
}

// readableType is a refused letter's event_type if it can be made out, and be kept: Postgres has no text with a NUL.
func readableType(body []byte) string {
	var outside struct {
		EventType string `json:"event_type"`
	}
	if json.Unmarshal(body, &outside) != nil || len(outside.EventType) > 64 || strings.Contains(outside.EventType, "\x00") {
		return ""
	}
	return outside.EventType
}

// Cursor remembers how far the inbox of a transport without acknowledgements (Redis Streams) has been read.
type Cursor struct {
	db   *sql.DB
	name string
}

// NewCursor names a cursor in the log place's database; db's commits are durable.
func NewCursor(db *sql.DB, name string) *Cursor { return &Cursor{db, name} }

// Load returns the last saved place, "" if there is none.
func (c *Cursor) Load(ctx context.Context) (string, error) {
	var place string
	err := c.db.QueryRowContext(ctx, `SELECT position FROM cursors WHERE name = $1`, c.name).Scan(&place)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return place, err
}

// Save moves the cursor. The letters' receipts make it harmless if it is lost: they are found again, and are duplicates.
func (c *Cursor) Save(ctx context.Context, place string) error {
	_, err := c.db.ExecContext(ctx, `
		INSERT INTO cursors (name, position) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET position = excluded.position`,
		c.name, place)
	return err
}
