package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/app"
)

// TestPlaceOrder_again: the same order again is answered as it is by now, with the times at which it was placed and changed.
func TestPlaceOrder_again_isTheOrderAsItIs(t *testing.T) {
	s := stocked(t)
	s.checkout(s.desk)
	place := func(d desk) app.OrderPlaced {
		t.Helper()
		answer, err := d.PlaceOrder(t.Context(), app.Call{}, app.PlaceOrder{OrderID: "1", Items: []app.Item{{SKU: "BEAR", Quantity: 1}}})
		require.NoError(t, err)
		return answer.Result.(app.OrderPlaced)
	}
	first := place(s.desk)
	require.True(t, first.New)
	require.NotZero(t, first.PlacedAt)
	require.Equal(t, first.PlacedAt, first.UpdatedAt)
	s.letter(paid("", ""))
	s.settled()

	var recorded []int64 // of the order's streams
	for _, r := range s.records() {
		if category, id, _ := strings.Cut(r.Stream, "-"); id == "1" && category != "inventory" {
			recorded = append(recorded, r.RecordedAt.UnixMilli())
		}
	}
	require.Greater(t, len(recorded), 3)
	again := place(s.copy()) // which has decided nothing yet: it folds the log
	require.False(t, again.New)
	require.Equal(t, "confirmed", again.Order.Status)
	require.Equal(t, recorded[0], again.PlacedAt)
	require.Equal(t, slices.Max(recorded), again.UpdatedAt)

	here := place(s.desk) // whose states were moved on before their events were written
	require.False(t, here.New)
	require.Equal(t, first.PlacedAt, here.PlacedAt)
	require.GreaterOrEqual(t, here.UpdatedAt, first.UpdatedAt)
	require.LessOrEqual(t, here.UpdatedAt, again.UpdatedAt)
}

// TestPlaceOrder_againBeforeItIsWritten: a twin in the same batch gets the time of the decision, not none.
func TestPlaceOrder_againBeforeItIsWritten_hasTheTimeOfTheDecision(t *testing.T) {
	s := stocked(t)
	var results [2]app.OrderPlaced
	place := func(i int) func() {
		return func() {
			answer, err := s.PlaceOrder(t.Context(), app.Call{}, app.PlaceOrder{OrderID: "1", Items: []app.Item{{SKU: "BEAR", Quantity: 1}}})
			if err == nil {
				results[i] = answer.Result.(app.OrderPlaced)
			}
		}
	}
	require.Equal(t, int64(1), s.together(place(0), place(1)))
	require.True(t, results[0].New)
	require.False(t, results[1].New)
	require.NotZero(t, results[1].PlacedAt)
	require.Equal(t, results[0].PlacedAt, results[1].PlacedAt)
	require.Equal(t, results[0].UpdatedAt, results[1].UpdatedAt)
}
