package subscription

import (
	"context"
	"fmt"

	"ordermill/eventstore"
)

// Check compares a checkpoint with the log: ErrDiverged, which says by how much, if its event does not stand there at its position.
// What both have in common before that cannot be seen from one checkpoint, and is not guessed.
func Check(ctx context.Context, store *eventstore.Store, at eventstore.Checkpoint) error {
	if at.LogID != store.LogID() {
		return fmt.Errorf("%w: the checkpoint stands at position %d of log %s, this is log %s", ErrDiverged, at.Position, at.LogID, store.LogID())
	}
	if at.Position == 0 {
		return nil
	}
	records, err := store.Read(ctx, eventstore.Query{After: at.Position - 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(records) > 0 {
		if records[0].EventID == at.EventID {
			return nil
		}
		return fmt.Errorf("%w: the checkpoint says that event %s stands at position %d, in the log it is event %s, recorded %s: "+
			"the log was restored from an older backup, or swapped, and has gone on since",
			ErrDiverged, at.EventID, at.Position, records[0].EventID, records[0].RecordedAt.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	head, err := store.Head(ctx)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: the checkpoint stands at position %d, the log ends at %d: it has %d events less than were handled, "+
		"so it was restored from an older backup, or swapped", ErrDiverged, at.Position, head.Position, at.Position-head.Position)
}

// remedy is what an operator can do about a checkpoint that is not in the log.
func (c *Consumer) remedy() string {
	if c.kind == "projector" {
		return "a rebuild of the read model mends it"
	}
	return "it has acted on events that the log has not: restore the log and what stands beside it from one backup"
}
