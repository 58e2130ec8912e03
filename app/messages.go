package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Message is a letter that arrived, and what became of it.
type Message struct {
	MessageID  string // ours, one per arrival, UUIDv7
	EventType  string
	Status     string // processed, duplicate or failed
	Source     string // http, amqp or redis
	SenderID   string // the sender's own id, if it gave one; it never decides whether money is a duplicate
	OrderID    string
	Result     json.RawMessage // of a decided letter
	Problem    json.RawMessage // why a letter from a broker was refused
	ReceivedAt time.Time
	Events     []int64 // positions of the events that its own command wrote
}

// ErrNoMessage tells that no letter has this message id.
var ErrNoMessage = errors.New("no such message")

// messageScope is the scope of the receipt that every decided letter leaves, under its message id.
const messageScope = "message"

// storedMessage is the response in a message's receipt.
type storedMessage struct {
	EventType  string          `json:"event_type"`
	Status     string          `json:"status"`
	Source     string          `json:"source"`
	SenderID   string          `json:"sender_id,omitempty"`
	OrderID    string          `json:"order_id,omitempty"`
	Result     json.RawMessage `json:"result"`
	ReceivedAt int64           `json:"received_at"` // ms since 1970 UTC
	Events     int64           `json:"events"`      // how many its command wrote; the receipt's position is the last
}

// Messages reads the letters that were decided (receipts) and those that were refused from a broker (inbox).
type Messages struct{ db *sql.DB }

// NewMessages reads from the log place's database.
func NewMessages(read *sql.DB) *Messages { return &Messages{read} }

// Message returns one letter, or ErrNoMessage.
func (m *Messages) Message(ctx context.Context, id string) (Message, error) {
	found, err := m.query(ctx, `
		SELECT key, response, CAST(NULL AS text), '', '', position, recorded_at FROM receipts WHERE scope = 'message' AND key = $1
		UNION ALL
		SELECT message_id, CAST(NULL AS bytea), problem, source, event_type, 0, received_at FROM inbox WHERE message_id = $1`, id)
	if err == nil && len(found) == 0 {
		err = ErrNoMessage
	}
	if err != nil {
		return Message{}, err
	}
	return found[0], nil
}

// List returns up to limit letters that arrived before the given message id, newest first; "" starts at the newest.
func (m *Messages) List(ctx context.Context, before string, limit int) ([]Message, error) {
	if before == "" {
		before = "~" // sorts after every message id
	}
	return m.query(ctx, `
		SELECT * FROM (
			SELECT key AS id, response, CAST(NULL AS text) AS problem, '' AS source, '' AS event_type, position, recorded_at
			FROM receipts WHERE scope = 'message' AND key < $1 ORDER BY key DESC LIMIT $2) AS decided
		UNION ALL
		SELECT * FROM (
			SELECT message_id AS id, CAST(NULL AS bytea), problem, source, event_type, 0, received_at
			FROM inbox WHERE message_id < $1 ORDER BY message_id DESC LIMIT $2) AS refused
		ORDER BY id DESC LIMIT $2`, before, limit)
}

func (m *Messages) query(ctx context.Context, query string, args ...any) ([]Message, error) {
	rows, err := m.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		message, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, message)
	}
	return all, rows.Err()
}

func scanMessage(rows *sql.Rows) (Message, error) {
	var m Message
	var response []byte
	var problem sql.NullString
	var position, at int64
	if err := rows.Scan(&m.MessageID, &response, &problem, &m.Source, &m.EventType, &position, &at); err != nil {
		return m, err
	}
	m.ReceivedAt = time.UnixMilli(at).UTC()
	if response == nil {
		m.Status, m.Problem = "failed", json.RawMessage(problem.String)
		return m, nil
	}
	var s storedMessage
	if err := json.Unmarshal(response, &s); err != nil {
		return m, err
	}
	m.EventType, m.Status, m.Source, m.SenderID, m.OrderID, m.Result = s.EventType, s.Status, s.Source, s.SenderID, s.OrderID, s.Result
	m.ReceivedAt = time.UnixMilli(s.ReceivedAt).UTC()
	for i := range s.Events {
		m.Events = append(m.Events, position-s.Events+1+i)
	}
	return m, nil
}
