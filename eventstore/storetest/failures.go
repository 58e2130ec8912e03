package storetest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

var failureChecks = []check{
	{"Failure_ofOneRequest_sparesItsNeighbours", func(t T, log Log) {
		s := store(t, log.Driver)
		first := writeOne("order-1", 0)
		must(t, s, first)
		bad := write(map[string]int64{"order-2": 0, "order-3": 0})
		bad.Events[1].ID = first.Events[0].ID // taken: no database can hold it, now or later
		bad = with(bad, "s", "bad", "f", "r")
		got := try(t, s, with(writeOne("order-4", 0), "s", "good", "f", "r"), bad, writeOne("order-5", 0), writeOne("order-9", 1))
		require.Equal(t, eventstore.Appended{First: 2, Last: 2}, got[0])
		require.IsType(t, eventstore.Failed{}, got[1])
		require.ErrorIs(t, got[1].(eventstore.Failed).Err, eventstore.ErrRejected)
		require.Equal(t, eventstore.Appended{First: 3, Last: 3}, got[2], "the failed one left nothing behind, no position either")
		require.Equal(t, eventstore.WrongVersion{Stream: "order-9", Expected: 1, Actual: 0}, got[3])
		require.Equal(t, []string{"order-1", "order-4", "order-5"}, streamsOf(whole(t, s)))
		must(t, s, with(writeOne("order-2", 0), "s", "bad", "f", "r")) // nor a receipt, nor a version
	}},
	{"Failure_ofALonelyRequest_isItsOutcome", func(t T, log Log) {
		s := store(t, log.Driver)
		first := writeOne("order-1", 0)
		must(t, s, first)
		bad := writeOne("order-2", 0)
		bad.Events[0].ID = first.Events[0].ID
		got := try(t, s, bad)
		require.IsType(t, eventstore.Failed{}, got[0])
		require.ErrorIs(t, got[0].(eventstore.Failed).Err, eventstore.ErrRejected)
		require.Equal(t, []string{"order-1"}, streamsOf(whole(t, s)))
		must(t, s, writeOne("order-2", 0))
	}},
	{"Failure_ofTheRules_isFoundBeforeTheDatabase", func(t T, log Log) {
		s := store(t, log.Driver)
		broken := func(change func(*eventstore.Request)) eventstore.Request {
			r := with(writeOne("order-1", 0), "s", "k", "f", "r")
			change(&r)
			return r
		}
		batch := []eventstore.Request{
			broken(func(r *eventstore.Request) { r.CommandID = uuid.Nil }),
			broken(func(r *eventstore.Request) { r.Expected["Order-1"] = 0 }),
			broken(func(r *eventstore.Request) { r.Expected["order-1"] = -1 }),
			broken(func(r *eventstore.Request) { r.Expected = nil }),
			broken(func(r *eventstore.Request) { r.Events[0].Type = "" }),
			broken(func(r *eventstore.Request) { r.Events[0].Type = "a\x00b" }),
			broken(func(r *eventstore.Request) { r.Events[0].SchemaVersion = 0 }),
			broken(func(r *eventstore.Request) { r.Events[0].SchemaVersion = 1 << 40 }),
			broken(func(r *eventstore.Request) { r.Events[0].Data = json.RawMessage("{") }),
			broken(func(r *eventstore.Request) { r.Events[0].Data = json.RawMessage("\"\xff\"") }),
			broken(func(r *eventstore.Request) { r.Events[0].Metadata = json.RawMessage("[]") }),
			broken(func(r *eventstore.Request) { r.Receipts[0].Key = "" }),
			broken(func(r *eventstore.Request) { r.Receipts[0].Key = "k\x00" }),
			broken(func(r *eventstore.Request) { r.Receipts[0].Scope = "\xff" }),
			broken(func(r *eventstore.Request) { r.Receipts[0].Scope = string(make([]byte, 5000)) }),
		}
		got := try(t, s, append(batch, writeOne("order-2", 0))...)
		for i := range batch {
			require.IsType(t, eventstore.Failed{}, got[i], "request %d", i)
			require.ErrorIs(t, got[i].(eventstore.Failed).Err, eventstore.ErrInvalid, "request %d", i)
		}
		require.Equal(t, eventstore.Appended{First: 1, Last: 1}, got[len(batch)])
	}},
	{"Failure_callerGoneBefore_writesNothing", func(t T, log Log) {
		s := store(t, log.Driver)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Append(ctx, []eventstore.Request{writeOne("order-1", 0)})
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, whole(t, s))
	}},
	{"Failure_callerGoneHalfWay_saysTheTruth", func(t T, log Log) {
		ctx, cancel := context.WithCancel(t.Context())
		s := store(t, hooked{Driver: log.Driver, planned: cancel})
		outcomes, err := s.Append(ctx, []eventstore.Request{writeOne("order-1", 0)})
		switch records := whole(t, s); {
		case err == nil:
			require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
			require.Len(t, records, 1)
		default:
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, records)
		}
	}},
	{"Failure_panicInPlan_freesTheLock", func(t T, log Log) {
		require.Panics(t, func() {
			_ = log.Driver.Append(t.Context(), eventstore.Lookup{}, func(eventstore.Snapshot) eventstore.Rows { panic(errors.New("bug")) })
		})
		must(t, store(t, log.Driver), writeOne("order-1", 0))
	}},
}

// hooked calls planned when rows have been planned and are about to be written.
type hooked struct {
	eventstore.Driver
	planned func()
}

func (d hooked) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	return d.Driver.Append(ctx, lookup, func(found eventstore.Snapshot) eventstore.Rows {
		rows := plan(found)
		d.planned()
		return rows
	})
}
