package projectiontest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/projections"
)

// past holds a projection to this: folding the streams that it names for a key, as far as any position, gives the row that
// folding the whole log that far gives.
func past[R any](p projections.Projection[R]) func(*testing.T, Fixture) {
	return func(t *testing.T, f Fixture) {
		newShop(t, f.Store, 21).orders(12)
		records := everything(t, f.Store)
		if p.Streams == nil {
			_, err := p.AsOf(t.Context(), f.Store, "1", int64(len(records)))
			require.ErrorContains(t, err, "have no past")
			return
		}
		rows, seen := map[string]R{}, []string{}
		for _, record := range records {
			fact, err := codec.Decode(record)
			require.NoError(t, err)
			keys, err := p.Keys(record)
			require.NoError(t, err)
			for _, key := range keys {
				require.Contains(t, p.Streams(key), record.Stream)
				rows[key] = p.Fold(rows[key], projections.Event{Record: record, Fact: fact})
				if !slices.Contains(seen, key) {
					seen = append(seen, key)
				}
			}
			if len(seen) > 0 { // and one that did not change now
				keys = append(keys, seen[int(record.Position)%len(seen)])
			}
			for _, key := range keys {
				asOf(t, p, f, key, record.Position, rows[key])
			}
		}
		require.NotEmpty(t, seen)
		_, err := p.AsOf(t.Context(), f.Store, seen[0], 0)
		require.ErrorIs(t, err, projections.ErrNotFound)
		_, err = p.AsOf(t.Context(), f.Store, "nobody", int64(len(records)))
		require.ErrorIs(t, err, projections.ErrNotFound)
	}
}

func asOf[R any](t *testing.T, p projections.Projection[R], f Fixture, key string, position int64, want R) {
	t.Helper()
	found, err := p.AsOf(t.Context(), f.Store, key, position)
	if p.Shown != nil && !p.Shown(want) {
		require.ErrorIs(t, err, projections.ErrNotFound, "%s as of %d", key, position)
		return
	}
	require.NoError(t, err)
	require.Equal(t, position, found.Position)
	require.Equal(t, marshal(want), marshal(found.Row), "%s as of %d", key, position)
}

// pastIsThere looks at rows as of every position, while no read model is there; then builds one, which must say the same of now.
func pastIsThere(t *testing.T, f Fixture, s Subject) {
	s.past(t, f)
	m := s.open(f, "a")
	run(t, m)
	reach(t, f, m)
	mustAgree(t, f, s, m)
}

// timeIsAPrefix: as of a time is as of the last position that was recorded by then, on this database's own times.
func timeIsAPrefix(t *testing.T, f Fixture, _ Subject) {
	newShop(t, f.Store, 22).orders(3)
	records := everything(t, f.Store)
	for i, record := range records {
		last := int64(i + 1)
		for _, later := range records[i+1:] {
			if later.RecordedAt.Equal(record.RecordedAt) {
				last = later.Position
			}
		}
		got, err := eventstore.PositionAt(t.Context(), f.Store, record.RecordedAt)
		require.NoError(t, err)
		require.Equal(t, last, got)
	}
	none, err := eventstore.PositionAt(t.Context(), f.Store, records[0].RecordedAt.Add(-time.Millisecond))
	require.NoError(t, err)
	require.Zero(t, none)
}
