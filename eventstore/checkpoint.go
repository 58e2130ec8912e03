package eventstore

import (
	"fmt"

	"github.com/google/uuid"
)

// Checkpoint is how far a reader has come in one log: everything up to Position is behind it. EventID is the event that
// stands there, so that a log restored from an older backup, or swapped, is noticed.
type Checkpoint struct {
	LogID    uuid.UUID
	Position int64     // 0: nothing read yet
	EventID  uuid.UUID // zero when Position is 0
}

// ParseCheckpoint reads a checkpoint as tables of consumers hold it.
func ParseCheckpoint(logID string, position int64, eventID string) (c Checkpoint, err error) {
	c.Position = position
	if c.LogID, err = uuid.Parse(logID); err == nil {
		c.EventID, err = uuid.Parse(eventID)
	}
	if err != nil {
		return c, fmt.Errorf("checkpoint at position %d: %w", position, err)
	}
	return c, nil
}
