package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

// odd is JSON that a database must not improve.
var odd = []string{
	`{}`, `null`, `"text"`, ` { "b" : 1 , "a" : 2 } `, `{"a":1,"a":2}`, `{"z":1,"a":{"z":1,"a":2}}`,
	`{"n":1.0,"big":123456789012345678901234567890,"e":1E+2}`, `{"s":"\u0000 \u00e9 \ud83d\ude00 \/ \" é 😀"}`, "[1,\r\n\t2]",
	`{"html":"<b>&amp;</b>"}`, `{"long":"` + strings.Repeat("x", 100_000) + `"}`,
}

var readChecks = []check{
	{"Read_emptyLog_isEmpty", func(t T, log Log) {
		s := store(t, log.Driver)
		for _, q := range []eventstore.Query{{Limit: 1}, {Latest: true, Limit: 1}, {Stream: "order-1", Limit: 1}, {Stream: "order-1", Latest: true, Limit: 1}} {
			records, err := s.Read(t.Context(), q)
			require.NoError(t, err)
			require.Empty(t, records)
		}
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.Zero(t, head)
	}},
	{"Read_everyQuery_isARangeInOrder", func(t T, log Log) {
		s := store(t, log.Driver)
		for i := range int64(10) {
			must(t, s, writeOne("order-a", i), writeOne("order-b", i))
		}
		at := func(positions ...int64) []int64 { return positions }
		for _, c := range []struct {
			query eventstore.Query
			want  []int64
		}{
			{eventstore.Query{Limit: 3}, at(1, 2, 3)},
			{eventstore.Query{After: 2, Limit: 3}, at(3, 4, 5)},
			{eventstore.Query{After: 18, Limit: 100}, at(19, 20)},
			{eventstore.Query{After: 20, Limit: 1}, nil},
			{eventstore.Query{Latest: true, Limit: 3}, at(18, 19, 20)},
			{eventstore.Query{After: 19, Latest: true, Limit: 3}, at(20)},
			{eventstore.Query{Stream: "order-b", Limit: 2}, at(2, 4)},
			{eventstore.Query{Stream: "order-b", AfterVersion: 8, Limit: 100}, at(18, 20)},
			{eventstore.Query{Stream: "order-a", Latest: true, Limit: 2}, at(17, 19)},
			{eventstore.Query{Stream: "order-a", AfterVersion: 9, Latest: true, Limit: 2}, at(19)},
			{eventstore.Query{Stream: "order-c", Limit: 2}, nil},
		} {
			records, err := s.Read(t.Context(), c.query)
			require.NoError(t, err)
			var got []int64
			for _, r := range records {
				got = append(got, r.Position)
			}
			require.Equal(t, c.want, got, "%+v", c.query)
		}
	}},
	{"Read_limit_isBounded", func(t T, log Log) {
		s := store(t, log.Driver)
		for _, limit := range []int{-1, 0, eventstore.MaxPage + 1} {
			_, err := s.Read(t.Context(), eventstore.Query{Limit: limit})
			require.Error(t, err)
		}
		_, err := s.Read(t.Context(), eventstore.Query{Limit: eventstore.MaxPage})
		require.NoError(t, err)
	}},
	{"Read_head_isTheLastRecord", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("order-a", 0), writeOne("order-b", 0))
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		last := whole(t, s)[1]
		require.Equal(t, eventstore.Tail{Position: 2, EventID: last.EventID, RecordedAt: last.RecordedAt}, head)
	}},
	{"Read_record_isExactlyWhatWasWritten", func(t T, log Log) {
		at := time.Date(2026, 3, 1, 12, 0, 0, 987_654_321, time.FixedZone("somewhere", 3600))
		s := store(t, log.Driver, eventstore.WithClock(func() time.Time { return at }))
		var want []eventstore.Record
		for i, data := range odd {
			e := event(fmt.Sprintf("order-%d", i))
			e.Type, e.SchemaVersion, e.Data = fmt.Sprintf("type.é%d", i), i+1, json.RawMessage(data)
			if strings.HasPrefix(data, "{") {
				e.Metadata = json.RawMessage(data)
			}
			r := eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{e.Stream: 0}, Events: []eventstore.Event{e}}
			must(t, s, r)
			want = append(want, eventstore.Record{
				Position: int64(i + 1), Stream: e.Stream, Version: 1, EventID: e.ID, Type: e.Type, SchemaVersion: i + 1, CommandID: r.CommandID,
				Data: e.Data, Metadata: e.Metadata, RecordedAt: time.Date(2026, 3, 1, 11, 0, 0, 987_000_000, time.UTC),
			})
		}
		require.Equal(t, want, whole(t, s))
	}},
	{"Read_whileAnAppendIsOpen_neitherWaitsNorSeesIt", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("order-1", 0))
		var during []eventstore.Record
		var readErr error
		err := log.Driver.Append(t.Context(), eventstore.Lookup{}, func(found eventstore.Snapshot) eventstore.Rows {
			during, readErr = log.Driver.Read(t.Context(), eventstore.Query{Limit: 10})
			e := event("order-2")
			return eventstore.Rows{Records: []eventstore.Record{{Position: found.Tail.Position + 1, Stream: e.Stream, Version: 1, EventID: e.ID, Type: e.Type,
				SchemaVersion: 1, CommandID: uuid.New(), Data: e.Data, Metadata: e.Metadata, RecordedAt: found.Tail.RecordedAt}}}
		})
		require.NoError(t, err)
		require.NoError(t, readErr)
		require.Len(t, during, 1)
		require.Len(t, whole(t, s), 2)
	}},
	{"Read_callerGone_saysSo", func(t T, log Log) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := log.Driver.Read(ctx, eventstore.Query{Limit: 1})
		require.ErrorIs(t, err, context.Canceled)
	}},
}
