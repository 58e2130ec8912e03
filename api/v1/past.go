package v1

import (
	"encoding/json"
	"time"
)

// RowChange is an event that a row was folded from, and what it changed in what queries show.
type RowChange struct {
	Position      int64         `json:"position"`
	Stream        string        `json:"stream"`
	Version       int64         `json:"version"`
	EventID       string        `json:"event_id"`
	Type          string        `json:"type"`
	CommandID     string        `json:"command_id" doc:"of the command that wrote it; its events are neighbours in the log"`
	CausationID   string        `json:"causation_id" doc:"event or message that led to the command; empty: it came by itself"`
	CorrelationID string        `json:"correlation_id"`
	Actor         string        `json:"actor" doc:"key or consumer that sent the command; empty: not told"`
	RecordedAt    *time.Time    `json:"recorded_at"`
	Changes       []FieldChange `json:"changes" doc:"empty if it changed nothing that is shown; version, position and updated_at, which every event moves, are left out"`
}

// FieldChange is a part of a JSON document that differs from what it was.
type FieldChange struct {
	Pointer string          `json:"pointer" doc:"where (RFC 6901); empty for the whole document"`
	Before  json.RawMessage `json:"before" doc:"null: it was not there, or null"`
	After   json.RawMessage `json:"after" doc:"null: it is not there any more, or null"`
}

// StreamState is what the rules make of a stream up to a version.
type StreamState struct {
	Stream     string          `json:"stream"`
	Version    int64           `json:"version"`
	Position   int64           `json:"position" doc:"of the event with that version"`
	RecordedAt *time.Time      `json:"recorded_at"`
	State      json.RawMessage `json:"state" doc:"what commands on the stream are decided on; its members are those of the rules, and may grow"`
}

// StreamDiff is by what the states of a stream at two versions differ.
type StreamDiff struct {
	Stream  string        `json:"stream"`
	From    int64         `json:"from" doc:"version; 0 is before the first event"`
	To      int64         `json:"to"`
	Changes []FieldChange `json:"changes"`
}

// Frozen is a read model as of a position: its lists can be read under rows until it expires.
type Frozen struct {
	Name       string     `json:"name" doc:"of the read model"`
	Frozen     int64      `json:"frozen" doc:"the value of the query value frozen"`
	Position   int64      `json:"position" doc:"as of which its rows are"`
	Status     string     `json:"status" enum:"running,done,failed" doc:"its rows can be read when it is done"`
	EventsDone int64      `json:"events_done" doc:"of as many as the position"`
	StartedAt  *time.Time `json:"started_at"`
	ExpiresAt  *time.Time `json:"expires_at" doc:"an hour after it was done or asked for again; null while it runs"`
	Rows       string     `json:"rows" doc:"the list to read; it takes the filters, limit and cursor of the live one. In the answer to as_of, the filters and the limit of that request are in it already"`
	Error      string     `json:"error" doc:"why it failed; while it runs, what it last stumbled over"`
}
