package sqlite_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/sqlite"
)

func open(t testing.TB) *sqlite.Database {
	dir := t.TempDir()
	require.NoError(t, sqlite.Migrate(context.Background(), dir))
	db, err := sqlite.Open(context.Background(), dir, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func req(stream string, v int64) eventstore.Request {
	id := uuid.New()
	return eventstore.Request{CommandID: id, Receipts: []eventstore.Receipt{{Scope: "s", Key: id.String(), Fingerprint: []byte("f"), Response: []byte("{}")}},
		Expected: map[string]int64{stream: v}, Events: []eventstore.Event{{Stream: stream, Type: "order.placed", SchemaVersion: 1, Data: json.RawMessage(`{"a":1}`), Metadata: json.RawMessage(`{}`)}}}
}

func TestPrivate(t *testing.T) {
	db := open(t)
	s := eventstore.New(db.Driver())
	ctx := context.Background()
	for _, mode := range []string{"alone", "with checkpoints"} {
		var stop atomic.Bool
		var wg sync.WaitGroup
		var n atomic.Int64
		if mode != "alone" {
			w, _ := db.Log()
			_, err := w.Exec(`INSERT INTO consumers (name) VALUES ('c') ON CONFLICT DO NOTHING`)
			require.NoError(t, err)
			for range 3 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for !stop.Load() {
						_, err := w.Exec(`UPDATE consumers SET position = position + 1, heartbeat_at = now_ms() WHERE name = $1`, "c")
						require.NoError(t, err)
						n.Add(1)
					}
				}()
			}
		}
		start := time.Now()
		const N = 500
		for i := range N {
			out, err := s.Append(ctx, []eventstore.Request{req(fmt.Sprintf("order-%s%d", mode[:1], i), 0)})
			require.NoError(t, err)
			require.IsType(t, eventstore.Appended{}, out[0])
		}
		d := time.Since(start)
		stop.Store(true)
		wg.Wait()
		t.Logf("%s: append %v each; %d checkpoints", mode, d/N, n.Load())
	}
	start := time.Now()
	var reqs []eventstore.Request
	for i := range 256 {
		reqs = append(reqs, req(fmt.Sprintf("order-b%d", i), 0))
	}
	_, err := s.Append(ctx, reqs)
	require.NoError(t, err)
	t.Logf("batch 256: %v", time.Since(start))
	require.NoError(t, s.Close())
}
