package redisstream

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"ordermill/messaging"
)

var _ messaging.Keeper = (*Transport)(nil)

// Last is the position of the highest record in the stream. Foreign entries above it are passed over, a hundred at most.
func (t *Transport) Last(ctx context.Context) (int64, error) {
	entries, err := t.client.XRevRangeN(ctx, t.events, "+", "-", 100).Result()
	if err != nil {
		return 0, fmt.Errorf("look at the top of stream %s: %w", t.events, err)
	}
	for _, entry := range entries {
		if isRecord(entry) {
			position, _ := parts(entry.ID)
			return int64(position), nil
		}
	}
	return 0, nil
}

// EventAt is the id of the record in the stream at a position; zero: there is none, it was trimmed perhaps.
func (t *Transport) EventAt(ctx context.Context, position int64) (uuid.UUID, error) {
	id := entryID(strconv.FormatInt(position, 10))
	entries, err := t.client.XRange(ctx, t.events, id, id).Result()
	if err != nil {
		return uuid.Nil, fmt.Errorf("look at %s in stream %s: %w", id, t.events, err)
	}
	if len(entries) == 0 || !isRecord(entries[0]) {
		return uuid.Nil, nil
	}
	eventID, _ := field(entries[0].Values, fieldEventID)
	return uuid.Parse(eventID)
}
