package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

// store opens a Store over the driver for the time of the test.
func store(t T, driver eventstore.Driver, options ...eventstore.Option) *eventstore.Store {
	t.Helper()
	s := eventstore.New(driver, options...)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// event makes a fact that says which one it is.
func event(stream string) eventstore.Event {
	return eventstore.Event{
		ID: uuid.Must(uuid.NewV7()), Stream: stream, Type: "test.happened", SchemaVersion: 1,
		Data: json.RawMessage(fmt.Sprintf(`{"stream":%q}`, stream)), Metadata: json.RawMessage(`{"actor":"test"}`),
	}
}

// write is a request for one new event on each stream, expected at the given version.
func write(expected map[string]int64) eventstore.Request {
	r := eventstore.Request{CommandID: uuid.New(), Expected: expected}
	for stream := range expected {
		r.Events = append(r.Events, event(stream))
	}
	return r
}

// writeOne is write for one stream.
func writeOne(stream string, expected int64) eventstore.Request {
	return write(map[string]int64{stream: expected})
}

// try appends a batch that must be answered.
func try(t T, s *eventstore.Store, requests ...eventstore.Request) []eventstore.Outcome {
	t.Helper()
	outcomes, err := s.Append(t.Context(), requests)
	require.NoError(t, err)
	require.Len(t, outcomes, len(requests))
	return outcomes
}

// must appends a batch that must be written whole, and returns the positions of each request.
func must(t T, s *eventstore.Store, requests ...eventstore.Request) []eventstore.Appended {
	t.Helper()
	var all []eventstore.Appended
	for i, o := range try(t, s, requests...) {
		appended, ok := o.(eventstore.Appended)
		require.True(t, ok, "request %d: %#v", i, o)
		all = append(all, appended)
	}
	return all
}

// whole reads the log from its beginning, page by page, and checks that positions are 1, 2, 3 ... and each stream's versions too.
func whole(t T, s *eventstore.Store) []eventstore.Record {
	t.Helper()
	var all []eventstore.Record
	versions := map[string]int64{}
	for {
		page, err := s.Read(t.Context(), eventstore.Query{After: int64(len(all)), Limit: 100})
		require.NoError(t, err)
		for _, r := range page {
			require.Equal(t, int64(len(all)+1), r.Position, "positions are 1, 2, 3 ... in order")
			versions[r.Stream]++
			require.Equal(t, versions[r.Stream], r.Version, "versions of %s are 1, 2, 3 ... in order of position", r.Stream)
			all = append(all, r)
		}
		if len(page) < 100 {
			return all
		}
	}
}

// streamsOf names each record's stream, in order.
func streamsOf(records []eventstore.Record) []string {
	var names []string
	for _, r := range records {
		names = append(names, r.Stream)
	}
	return names
}

// soon bounds how long a check waits for something that must come.
const soon = 20 * time.Second
