package storetest

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

// A lost reply is played by a driver around the real one: it does the work, or not, and then says that it does not know.
var outcomeChecks = []check{
	{"LostReply_committed_isDoneOnce", func(t T, log Log) {
		s := store(t, &lossy{Driver: log.Driver, losses: 1, commits: true})
		require.Equal(t, []eventstore.Appended{{First: 1, Last: 1}, {First: 2, Last: 2}},
			must(t, s, with(writeOne("order-1", 0), "s", "k", "f", "r"), writeOne("order-2", 0)))
		require.Len(t, whole(t, s), 2)
	}},
	{"LostReply_notCommitted_isDoneOnce", func(t T, log Log) {
		s := store(t, &lossy{Driver: log.Driver, losses: 2})
		must(t, s, with(writeOne("order-1", 0), "s", "k", "f", "r"), writeOne("order-2", 0))
		require.Len(t, whole(t, s), 2)
	}},
	{"LostReply_ofReceiptsAlone_isDoneOnce", func(t T, log Log) {
		for i, committed := range []bool{true, false} {
			s := eventstore.New(&lossy{Driver: unclosed{log.Driver}, losses: 1, commits: committed})
			first, second := with(eventstore.Request{CommandID: uuid.New()}, "s", fmt.Sprint("a", i), "f", "r"), with(eventstore.Request{CommandID: uuid.New()}, "s", fmt.Sprint("b", i), "f", "r")
			must(t, s, first, second)
			for _, o := range try(t, s, first, second) {
				require.IsType(t, eventstore.Duplicate{}, o)
			}
			require.NoError(t, s.Close())
		}
	}},
	{"LostReply_andATwinWasQuicker_answersAsTheTwin", func(t T, log Log) {
		twin := with(writeOne("order-1", 0), "s", "k", "f", "the twin's")
		var s *eventstore.Store
		driver := &lossy{Driver: log.Driver, losses: 1}
		driver.lost = func() { must(t, s, twin) }
		s = store(t, driver)
		got := try(t, s, with(writeOne("order-1", 0), "s", "k", "f", "mine"))
		require.IsType(t, eventstore.Duplicate{}, got[0])
		require.Equal(t, "the twin's", string(got[0].(eventstore.Duplicate).Receipt.Response))
		require.Len(t, whole(t, s), 1)
	}},
	{"LostReply_callerGone_isStillResolved", func(t T, log Log) {
		ctx, cancel := context.WithCancel(t.Context())
		s := store(t, &lossy{Driver: log.Driver, losses: 1, commits: true, lost: cancel})
		outcomes, err := s.Append(ctx, []eventstore.Request{writeOne("order-1", 0)})
		require.NoError(t, err)
		require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
	}},
}

// lossy loses the reply to the next appends that write something; whether they are committed is up to commits.
type lossy struct {
	eventstore.Driver
	losses  int
	commits bool
	lost    func() // called at a loss, with the lock free
}

func (d *lossy) Append(ctx context.Context, lookup eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	losing := false
	err := d.Driver.Append(ctx, lookup, func(found eventstore.Snapshot) eventstore.Rows {
		rows := plan(found)
		losing = d.losses > 0 && !rows.Empty()
		if losing && !d.commits {
			return eventstore.Rows{}
		}
		return rows
	})
	if !losing || err != nil {
		return err
	}
	d.losses--
	if d.lost != nil {
		d.lost()
	}
	return fmt.Errorf("%w: the reply was lost on purpose", eventstore.ErrOutcomeUnknown)
}

// unclosed lets several stores, one after another, use one driver.
type unclosed struct{ eventstore.Driver }

func (unclosed) Close() error { return nil }
