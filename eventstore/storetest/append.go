package storetest

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

var appendChecks = []check{
	{"Append_first_isPosition1Version1", func(t T, log Log) {
		s := store(t, log.Driver)
		require.Equal(t, []eventstore.Appended{{First: 1, Last: 1}}, must(t, s, writeOne("order-1", 0)))
		records := whole(t, s)
		require.Len(t, records, 1)
		require.Equal(t, int64(1), records[0].Version)
	}},
	{"Append_batch_requestsInOrderAndTheirRecordsNeighbours", func(t T, log Log) {
		s := store(t, log.Driver)
		two := eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{"order-1": 0}, Events: []eventstore.Event{event("order-1"), event("order-1")}}
		got := must(t, s, writeOne("order-a", 0), two, writeOne("order-b", 0))
		require.Equal(t, []eventstore.Appended{{First: 1, Last: 1}, {First: 2, Last: 3}, {First: 4, Last: 4}}, got)
		records := whole(t, s)
		require.Equal(t, []string{"order-a", "order-1", "order-1", "order-b"}, streamsOf(records))
		require.Equal(t, two.CommandID, records[1].CommandID)
		require.Equal(t, two.CommandID, records[2].CommandID)
	}},
	{"Append_anySizeOfBatch_keepsAll", func(t T, log Log) {
		s := store(t, log.Driver)
		total := 0
		for _, size := range []int{1, 2, 3, 4, 5, 17, 300} {
			var batch []eventstore.Request
			for i := range size {
				r := writeOne(fmt.Sprintf("order-%d.%d", size, i), 0)
				r.Receipts = []eventstore.Receipt{{Scope: "size", Key: fmt.Sprintf("%d.%d", size, i), Fingerprint: []byte{1}, Response: []byte("done")}}
				batch = append(batch, r)
			}
			must(t, s, batch...)
			total += size
			for i, o := range try(t, s, batch...) {
				require.IsType(t, eventstore.Duplicate{}, o, "request %d of %d again", i, size)
			}
		}
		require.Len(t, whole(t, s), total)
	}},
	{"Append_oneOfManyStreamsWrong_writesNothing", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("sku-b", 0))
		got := try(t, s, write(map[string]int64{"sku-a": 0, "sku-b": 0, "sku-c": 0}))
		require.Equal(t, []eventstore.Outcome{eventstore.WrongVersion{Stream: "sku-b", Expected: 0, Actual: 1}}, got)
		require.Equal(t, []string{"sku-b"}, streamsOf(whole(t, s)))
	}},
	{"Append_noEvents_isACheckedNo", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("sku-a", 0))
		looked := eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{"sku-a": 1, "sku-b": 0}}
		require.Equal(t, []eventstore.Appended{{}}, must(t, s, looked))
		looked.Expected = map[string]int64{"sku-a": 0}
		require.Equal(t, []eventstore.Outcome{eventstore.WrongVersion{Stream: "sku-a", Expected: 0, Actual: 1}}, try(t, s, looked))
		require.Len(t, whole(t, s), 1)
	}},
	{"Append_afterPlanSaysNothing_writesNothing", func(t T, log Log) {
		err := log.Driver.Append(t.Context(), eventstore.Lookup{}, func(eventstore.Snapshot) eventstore.Rows { return eventstore.Rows{} })
		require.NoError(t, err)
		s := store(t, log.Driver)
		require.Equal(t, []eventstore.Appended{{First: 1, Last: 1}}, must(t, s, writeOne("order-1", 0)))
	}},
	{"Append_snapshot_tellsOnlyWhatIsThere", func(t T, log Log) {
		s := store(t, log.Driver)
		first := writeOne("order-1", 0)
		first.Receipts = []eventstore.Receipt{{Scope: "a", Key: "1", Fingerprint: []byte("f"), Response: []byte("r")}}
		must(t, s, first, writeOne("order-2", 0))
		absent := uuid.New()
		lookup := eventstore.Lookup{
			Streams:  []string{"order-1", "order-2", "order-3", "order-4", "order-5"},
			Receipts: []eventstore.ReceiptKey{{Scope: "a", Key: "1"}, {Scope: "a", Key: "2"}, {Scope: "b", Key: "1"}, {Scope: "1", Key: "a"}, {Scope: "a1", Key: "1"}},
			EventIDs: []uuid.UUID{first.Events[0].ID, absent},
		}
		var found eventstore.Snapshot
		require.NoError(t, log.Driver.Append(t.Context(), lookup, func(f eventstore.Snapshot) eventstore.Rows { found = f; return eventstore.Rows{} }))
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, head, found.Tail)
		for stream, version := range map[string]int64{"order-1": 1, "order-2": 1, "order-3": 0, "order-4": 0, "order-5": 0} {
			require.Equal(t, version, found.Versions[stream], stream)
		}
		stored := first.Receipts[0]
		stored.Position = 1
		require.Equal(t, map[eventstore.ReceiptKey]eventstore.Receipt{{Scope: "a", Key: "1"}: stored}, found.Receipts)
		require.True(t, found.EventIDs[first.Events[0].ID])
		require.False(t, found.EventIDs[absent])
	}},
}

var versionChecks = []check{
	{"Version_notTheExpectedOne_namesTheActual", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("order-1", 0))
		must(t, s, writeOne("order-1", 1))
		for _, expected := range []int64{0, 1, 3} {
			want := eventstore.WrongVersion{Stream: "order-1", Expected: expected, Actual: 2}
			require.Equal(t, []eventstore.Outcome{want}, try(t, s, writeOne("order-1", expected)))
		}
		want := eventstore.WrongVersion{Stream: "order-2", Expected: 1, Actual: 0}
		require.Equal(t, []eventstore.Outcome{want}, try(t, s, writeOne("order-2", 1)))
	}},
	{"Version_ofAStreamOnlyLookedAt_isCheckedToo", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("sku-a", 0))
		r := writeOne("order-1", 0)
		r.Expected["sku-a"] = 0
		require.Equal(t, []eventstore.Outcome{eventstore.WrongVersion{Stream: "sku-a", Expected: 0, Actual: 1}}, try(t, s, r))
		r.Expected["sku-a"] = 1
		must(t, s, r)
	}},
	{"Version_earlierWinnersOfTheBatch_count", func(t T, log Log) {
		s := store(t, log.Driver)
		got := try(t, s, writeOne("sku-a", 0), writeOne("sku-a", 1), writeOne("sku-a", 1))
		require.Equal(t, []eventstore.Outcome{
			eventstore.Appended{First: 1, Last: 1},
			eventstore.Appended{First: 2, Last: 2},
			eventstore.WrongVersion{Stream: "sku-a", Expected: 1, Actual: 2},
		}, got)
		require.Len(t, whole(t, s), 2)
	}},
	{"Version_countedOnALoserOfTheBatch_isWrongToo", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("sku-a", 0), writeOne("sku-b", 0))
		loser := write(map[string]int64{"sku-a": 1, "sku-b": 7}) // the next one was decided as if it had won
		got := try(t, s, loser, writeOne("sku-a", 1), writeOne("order-1", 0))
		require.Equal(t, []eventstore.Outcome{
			eventstore.WrongVersion{Stream: "sku-b", Expected: 7, Actual: 1},
			eventstore.WrongVersion{Stream: "sku-a", Expected: 1, Actual: 1},
			eventstore.Appended{First: 3, Last: 3},
		}, got)
	}},
	{"Version_streamsAreTheSameByteForByteOnly", func(t T, log Log) {
		s := store(t, log.Driver)
		names := []string{"order-a", "order-A", "order-a1", "order-a.", "order-a_", "order-a-", "orders-a", "order-1", "order-10", "order-01"}
		for _, name := range names {
			must(t, s, writeOne(name, 0))
		}
		for _, name := range names {
			records, err := s.Read(t.Context(), eventstore.Query{Stream: name, Limit: 10})
			require.NoError(t, err)
			require.Equal(t, []string{name}, streamsOf(records))
		}
	}},
}
