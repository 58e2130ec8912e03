package storetest

import (
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

var integrityChecks = []check{
	{"Log_change_isRefused", func(t T, log Log) {
		if log.Exec == nil {
			t.Logf("this driver has no SQL to tamper with")
			return
		}
		s := store(t, log.Driver)
		must(t, s, with(writeOne("order-1", 0), "s", "k", "f", "r"), writeOne("order-1", 1))
		before := whole(t, s)
		for _, sql := range log.Tamper {
			require.ErrorContains(t, log.Exec(t.Context(), sql), "append-only", sql)
		}
		require.Equal(t, before, whole(t, s))
		require.IsType(t, eventstore.Duplicate{}, try(t, s, with(writeOne("order-2", 0), "s", "k", "f", "r"))[0])
	}},
	{"Log_id_isItsOwn", func(t T, log Log) {
		require.NotEqual(t, uuid.Nil, log.Driver.LogID())
		if log.Twin != nil {
			require.Equal(t, log.Driver.LogID(), log.Twin(t).LogID())
		}
	}},
	{"RecordedAt_clockGoesBack_staysAtTheTail", func(t T, log Log) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 5_900_000, time.UTC)
		s := store(t, log.Driver, eventstore.WithClock(func() time.Time { return now }))
		at := func() time.Time { all := whole(t, s); return all[len(all)-1].RecordedAt }
		must(t, s, writeOne("order-1", 0))
		first := now.Truncate(time.Millisecond)
		require.Equal(t, first, at())
		now = now.Add(-time.Hour)
		must(t, s, writeOne("order-1", 1))
		require.Equal(t, first, at())
		now = first.Add(time.Millisecond)
		must(t, s, writeOne("order-1", 2))
		require.Equal(t, now, at())
	}},
}
