package eventstore

import "github.com/google/uuid"

// Checkpoint is how far a reader has come in one log: everything up to Position is behind it. EventID is the event that
// stands there, so that a log restored from an older backup, or swapped, is noticed.
type Checkpoint struct {
	LogID    uuid.UUID
	Position int64     // 0: nothing read yet
	EventID  uuid.UUID // zero when Position is 0
}
