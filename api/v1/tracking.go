package v1

import (
	"encoding/json"
	"time"
)

// MessageAccepted answers POST /v1/messages.
type MessageAccepted struct {
	MessageID string          `json:"message_id"`
	Status    string          `json:"status" enum:"processed,duplicate,received"`
	Result    json.RawMessage `json:"result" doc:"what was decided; depends on the event type"`
}

// MessagesAccepted answers POST /v1/messages with a letter a line.
type MessagesAccepted struct {
	Items []LineAccepted `json:"items" doc:"one for each line that is not blank, in their order"`
}

// LineAccepted is what became of one line.
type LineAccepted struct {
	Line      int             `json:"line" doc:"its number in the body, from 1"`
	MessageID string          `json:"message_id,omitempty"`
	Status    string          `json:"status" enum:"processed,duplicate,received,failed" doc:"failed: refused, and not kept"`
	Result    json.RawMessage `json:"result,omitempty" doc:"what was decided; depends on the event type"`
	Problem   *Problem        `json:"problem,omitempty" doc:"why it failed"`
}

// Message is a letter and what became of it.
type Message struct {
	MessageID  string          `json:"message_id" doc:"ours, one per arrival"`
	EventType  string          `json:"event_type"`
	Status     string          `json:"status" enum:"received,processed,duplicate,failed"`
	Source     string          `json:"source" doc:"how it came: http, amqp, redis"`
	SenderID   string          `json:"sender_id" doc:"the sender's own id, if it gave one"`
	ReceivedAt *time.Time      `json:"received_at"`
	Result     json.RawMessage `json:"result" doc:"what was decided; null if nothing was"`
	Problem    json.RawMessage `json:"problem,omitempty" doc:"why it failed"`
	Events     []TrackedEvent  `json:"events" doc:"the events its own command wrote"`
}

// TrackedEvent is an event with its way through the shop.
type TrackedEvent struct {
	Position  int64           `json:"position"`
	Stream    string          `json:"stream"`
	Type      string          `json:"type"`
	Published map[string]bool `json:"published" doc:"by transport: has its relay sent it?"`
	Handled   []Handled       `json:"handled" doc:"every consumer"`
}

// Handled is what one consumer made of an event.
type Handled struct {
	Consumer string     `json:"consumer"`
	Status   string     `json:"status" enum:"handled,pending,parked,discarded"`
	Attempts int64      `json:"attempts"`
	At       *time.Time `json:"at,omitempty" doc:"known for some days"`
	Error    string     `json:"error,omitempty" doc:"why it is parked, or was discarded"`
}

// Event is a record of the log.
type Event struct {
	Position      int64           `json:"position" doc:"place in the whole log"`
	Stream        string          `json:"stream"`
	Version       int64           `json:"version" doc:"place in its stream"`
	EventID       string          `json:"event_id"`
	Type          string          `json:"type"`
	SchemaVersion int64           `json:"schema_version"`
	Data          json.RawMessage `json:"data"`
	Metadata      json.RawMessage `json:"metadata"`
	RecordedAt    time.Time       `json:"recorded_at"`
}

// Events is a page of the log. Go on with after=next_after; it moves on even when no event matched.
type Events struct {
	Items     []Event `json:"items"`
	NextAfter int64   `json:"next_after"`
}

// Mail is a mail that dev keeps instead of sending it.
type Mail struct {
	MessageID string     `json:"message_id"`
	OrderID   string     `json:"order_id"`
	To        string     `json:"to" doc:"empty while no contact is known"`
	Subject   string     `json:"subject"`
	Text      string     `json:"text"`
	SentAt    *time.Time `json:"sent_at"`
}

// Projection is a read model and how far it has come.
type Projection struct {
	Name           string     `json:"name"`
	CodeVersion    int64      `json:"code_version" doc:"of the program that answers; another version has generations of its own beside these"`
	Generation     int64      `json:"generation" doc:"the one that queries read"`
	Position       int64      `json:"position"`
	Lag            int64      `json:"lag" doc:"events it is behind the log"`
	Parked         int64      `json:"parked" doc:"keys that could not be folded"`
	Status         string     `json:"status" enum:"building,live,rebuilding,stopped"`
	KeptGeneration int64      `json:"kept_generation" doc:"the one that a rollback goes back to; 0: none"`
	KeptUntil      *time.Time `json:"kept_until" doc:"when it may be dropped"`
	Verified       *Verified  `json:"verified,omitempty" doc:"the last comparison with the log, whoever asked for it; absent: none yet"`
	Error          string     `json:"error,omitempty"`
}

// Rebuild is the last rebuild or rollback of a read model.
type Rebuild struct {
	Name            string     `json:"name"`
	Generation      int64      `json:"generation" doc:"the one that is being filled; a rollback's is the one that it goes back to"`
	Status          string     `json:"status" enum:"running,done,failed,cancelled"`
	EventsDone      int64      `json:"events_done"`
	EventsTotal     int64      `json:"events_total" doc:"the log's length: now while it runs, else when it ended"`
	EventsPerSecond int64      `json:"events_per_second" doc:"over the last few seconds; 0: it stands still, or has just begun"`
	ETASeconds      *int64     `json:"eta_seconds" doc:"how long what is left takes at that speed; null: not known, or nothing is left"`
	StartedAt       *time.Time `json:"started_at"`
	FinishedAt      *time.Time `json:"finished_at"`
	DryRun          bool       `json:"dry_run" doc:"it is only compared, and never goes live"`
	MaxChanges      *int64     `json:"max_changes" doc:"how many differences it may have to go live; null: any number"`
	Refused         bool       `json:"refused" doc:"what was built is not let live; of a dry run, it would not be"`
	Error           string     `json:"error,omitempty" doc:"why it failed or was refused; while it runs, what it last stumbled over; of a dry run, why a rebuild would be refused"`

	Comparison *Verification `json:"comparison,omitempty" doc:"with the generation that was live: live is what that says, folded what this one says; absent: not compared, or not yet"`
}

// Verification compares a read model with a fold of the log.
type Verification struct {
	Name        string       `json:"name"`
	OK          bool         `json:"ok" doc:"no differences"`
	Generation  int64        `json:"generation"`
	Position    int64        `json:"position" doc:"both were compared here"`
	Rows        int64        `json:"rows" doc:"how many were compared"`
	Parked      int64        `json:"parked" doc:"keys that are parked and so not compared"`
	Count       int64        `json:"count" doc:"of all differences"`
	Differences []Difference `json:"differences" doc:"the first hundred"`
	Repair      *Repair      `json:"repair,omitempty" doc:"what became of the rows that differ, if that was asked for; the members beside it tell how they were before"`
}

// Repair is what became of rows that differed. Parked keys are never touched.
type Repair struct {
	Mended    int64     `json:"mended" doc:"rows that are now what the log says"`
	LeftCount int64     `json:"left_count" doc:"rows that are not"`
	Left      []LeftRow `json:"left" doc:"the first hundred of them"`
}

// LeftRow is a row that could not be mended.
type LeftRow struct {
	Key string `json:"key"`
	Why string `json:"why"`
}

// RebuiltRow is one row that was folded from its streams.
type RebuiltRow struct {
	Name        string       `json:"name"`
	Key         string       `json:"key"`
	Outcome     string       `json:"outcome" enum:"unchanged,written,removed" doc:"unchanged: it was what the log says; removed: the log has nothing for it"`
	Generation  int64        `json:"generation"`
	Position    int64        `json:"position" doc:"the row is as of here"`
	Count       int64        `json:"count" doc:"of all differences that it had"`
	Differences []Difference `json:"differences" doc:"the first hundred"`
}

// Verified is the last comparison of a read model with the log.
type Verified struct {
	At          time.Time `json:"at"`
	Generation  int64     `json:"generation" doc:"the one that was live then"`
	Position    int64     `json:"position"`
	Differences int64     `json:"differences"`
	Mended      int64     `json:"mended" doc:"rows that were mended thereupon"`
	Error       string    `json:"error,omitempty" doc:"why it could not be compared; then the numbers say nothing"`
}

// Difference is one column of one row that is not what the log says.
type Difference struct {
	Key    string `json:"key"`
	Column string `json:"column"`
	Live   string `json:"live" doc:"what the row says; empty: nothing there"`
	Folded string `json:"folded" doc:"what the log says"`
}

// Consumer is a reader of the log and how far it has come.
type Consumer struct {
	Name        string     `json:"name"`
	Kind        string     `json:"kind" enum:"projector,reactor"`
	Checkpoint  int64      `json:"checkpoint" doc:"everything up to this position is behind it"`
	Lag         int64      `json:"lag" doc:"events in the log that it has not handled yet"`
	LagSeconds  float64    `json:"lag_seconds" doc:"age of the oldest of them; 0 when there are none"`
	Owner       string     `json:"owner" doc:"the process that runs it; empty: nobody"`
	Epoch       int64      `json:"epoch"`
	Parked      int64      `json:"parked" doc:"keys it could not handle"`
	LeaseUntil  *time.Time `json:"lease_until"`
	HeartbeatAt *time.Time `json:"heartbeat_at" doc:"when its owner last showed that it lives"`
	Error       string     `json:"error,omitempty" doc:"why it cannot go on from its checkpoint, last time it tried"`
}

// Relay is what publishes the log on one transport, and how far it has come.
type Relay struct {
	Transport   string     `json:"transport" enum:"inprocess,amqp,redis"`
	Consumer    string     `json:"consumer" doc:"its name in GET /v1/consumers"`
	Checkpoint  int64      `json:"checkpoint" doc:"everything up to this position is published and confirmed"`
	Head        int64      `json:"head" doc:"the log's newest position"`
	Lag         int64      `json:"lag" doc:"events that are not published yet"`
	LagSeconds  float64    `json:"lag_seconds" doc:"age of the oldest of them; 0 when there are none"`
	Owner       string     `json:"owner" doc:"the process that runs it; empty: nobody"`
	HeartbeatAt *time.Time `json:"heartbeat_at" doc:"when its owner last showed that it lives"`
	Error       string     `json:"error,omitempty" doc:"why publishing failed, while it does"`
	Beyond      *Beyond    `json:"beyond,omitempty" doc:"what was published that the log has not; there is some after the log was restored from an older backup"`
}

// Beyond is what a transport was given that the log has not, or has other events in the place of: those never happened.
type Beyond struct {
	First   int64  `json:"first" doc:"position of the first such event"`
	Last    int64  `json:"last" doc:"position of the last"`
	Events  int64  `json:"events" doc:"how many positions that is"`
	KnownBy string `json:"known_by" enum:"stream,checkpoint" doc:"who says so: the events that the broker keeps, or the relay's checkpoint, which is past the log's end"`
}

// Health answers /livez and /readyz.
type Health struct {
	Status string `json:"status"`
}
