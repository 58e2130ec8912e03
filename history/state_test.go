package history

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/inventory"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// TestStates_everyCategoryOfTheCodec_canBeFolded: each event that may stand in a stream is one its state is folded by.
func TestStates_everyCategoryOfTheCodec_canBeFolded(t *testing.T) {
	for _, known := range codec.Types() {
		start, ok := states[known.Category]
		require.True(t, ok, "%s has no row in states", known.Category)
		err := func() error {
			defer func() { _ = recover() }() // an empty event may make no sense: only whose it is counts
			return start().evolve(known.Sample)
		}()
		require.NoError(t, err, known.Name)
	}
}

func TestStates_atEveryVersion_areTheFoldOfThatPrefix(t *testing.T) {
	m := newMemory(t)
	m.paidOrder("7")
	got, err := New(m, nil).States(t.Context(), "inventory-A", 4, 0, 2, 1)
	require.NoError(t, err)
	require.Nil(t, got[1].JSON)
	require.Zero(t, got[1].Last)
	state := inventory.Decider.Initial()
	want := map[int64]string{}
	for _, r := range m.records {
		if r.Stream == "inventory-A" {
			fact, err := codec.Decode(r)
			require.NoError(t, err)
			state = inventory.Decider.Evolve(state, fact.(inventory.Event))
			text, err := (&folded[inventory.State, inventory.Event]{state: state}).json()
			require.NoError(t, err)
			want[r.Version] = string(text)
		}
	}
	for i, version := range map[int]int64{0: 4, 2: 2, 3: 1} {
		require.JSONEq(t, want[version], string(got[i].JSON))
		require.Equal(t, version, got[i].Last.Version)
	}
	require.NotEqual(t, want[2], want[4])
}

func TestStates_whatIsNotThere(t *testing.T) {
	m := newMemory(t)
	h := New(m, nil)
	_, err := h.States(t.Context(), "inventory-B", 1)
	require.ErrorIs(t, err, ErrNotFound)
	_, err = h.States(t.Context(), "inventory-A", 3)
	require.ErrorIs(t, err, ErrNotReached)
	m.append(eventstore.Record{Stream: "weather-1", Type: "weather.rained", SchemaVersion: 1, Data: []byte(`{}`)})
	_, err = h.States(t.Context(), "weather-1", 1)
	require.ErrorIs(t, err, ErrUnknownCategory)
}

func TestStates_anUnreadableEvent_isOnlyInTheWayFromThereOn(t *testing.T) {
	m := newMemory(t)
	h := New(m, nil)
	m.append(eventstore.Record{Stream: "inventory-A", Type: "weather.rained", SchemaVersion: 1, Data: []byte(`{}`)})
	_, err := h.States(t.Context(), "inventory-A", 2)
	require.NoError(t, err)
	_, err = h.States(t.Context(), "inventory-A", 3)
	require.ErrorIs(t, err, ErrUnreadable)
	require.ErrorIs(t, err, codec.ErrUnknown)
}
