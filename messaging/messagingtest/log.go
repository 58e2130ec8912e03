package messagingtest

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// Log is a log in memory, enough to publish from and to look into.
type Log struct {
	id uuid.UUID

	mu      sync.Mutex
	records []subscription.Delivery
}

// NewLog makes an empty log.
func NewLog() *Log { return &Log{id: uuid.New()} }

// Append adds n records, each of its own command, and returns them.
func (l *Log) Append(n int) []subscription.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		position := int64(len(l.records) + 1)
		d := subscription.Delivery{
			Record: eventstore.Record{
				Position: position, Stream: fmt.Sprintf("order-%d", position), Version: 1,
				EventID: uuid.Must(uuid.NewV7()), Type: "order.placed", SchemaVersion: 1, CommandID: uuid.New(),
				Data:       json.RawMessage(fmt.Sprintf(`{"n": %d, "text": "<a&b>"}`, position)),
				Metadata:   json.RawMessage(fmt.Sprintf(`{"correlation_id": "%d"}`, position)),
				RecordedAt: time.UnixMilli(1_700_000_000_000 + position).UTC(),
			},
			LogID: l.id, CommandEnd: true,
		}
		if position > 1 {
			d.PreviousID = l.records[position-2].EventID
		}
		l.records = append(l.records, d)
	}
	return l.records[len(l.records)-n:]
}

// after returns what stands behind a position.
func (l *Log) after(position int64) []subscription.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.records[position:]
}

// head is the last position.
func (l *Log) head() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.records))
}
