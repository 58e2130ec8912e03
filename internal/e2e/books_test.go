package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
)

// books is the stock and the money as this test adds them up from the log itself, knowing nothing of the domain's code.
type books struct {
	received, held map[string]int64 // by SKU; held: reserved and not given back
	placed         map[string]int   // by order id, how often
	confirmed      map[string]int
	mailed         map[string]int
	captured       map[string]int64 // by order id, minor units
	refunding      map[string]int64
	identities     map[string]int // captures by their id
}

// balance reads the log and demands what must always hold: positions and versions without gaps, nothing sold twice, no
// order or capture twice, and no more given back than came in.
func balance(t *testing.T, c *client.Client) books {
	t.Helper()
	b := books{map[string]int64{}, map[string]int64{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string]int64{}, map[string]int64{}, map[string]int{}}
	versions, holds, ids := map[string]int64{}, map[string]int64{}, map[string]bool{}
	for i, e := range events(t, c) {
		require.EqualValues(t, i+1, e.Position, "a gap in the log")
		versions[e.Stream]++
		require.Equal(t, versions[e.Stream], e.Version, "a gap in %s", e.Stream)
		require.False(t, ids[e.EventID], "event %s is there twice", e.EventID)
		ids[e.EventID] = true
		b.add(t, e, holds)
	}
	for sku, held := range b.held {
		require.LessOrEqual(t, held, b.received[sku], "more of %s is held than there is", sku)
	}
	for id, n := range b.placed {
		require.Equal(t, 1, n, "order %s was placed more than once", id)
	}
	for id, n := range b.confirmed {
		require.Equal(t, 1, n, "order %s was confirmed more than once", id)
	}
	for id, n := range b.mailed {
		require.Equal(t, 1, n, "the confirmation of order %s was recorded more than once", id)
	}
	for id, n := range b.identities {
		require.Equal(t, 1, n, "capture %s was recorded more than once", id)
	}
	for id, refunding := range b.refunding {
		require.LessOrEqual(t, refunding, b.captured[id], "more of order %s goes back than came in", id)
	}
	return b
}

func (b books) add(t *testing.T, e v1.Event, holds map[string]int64) {
	var d struct {
		ReservationID string `json:"reservation_id"`
		CaptureID     string `json:"capture_id"`
		Quantity      int64  `json:"quantity"`
		AmountMinor   int64  `json:"amount_minor"`
	}
	require.NoError(t, json.Unmarshal(e.Data, &d))
	_, id, _ := strings.Cut(e.Stream, "-")
	switch e.Type {
	case "inventory.received":
		b.received[id] += d.Quantity
	case "inventory.reserved":
		require.NotContains(t, holds, d.ReservationID)
		holds[d.ReservationID] = d.Quantity
		b.held[id] += d.Quantity
		require.LessOrEqual(t, b.held[id], b.received[id], "position %d sells %s twice", e.Position, id)
	case "inventory.released", "inventory.reservation_expired":
		b.held[id] -= holds[d.ReservationID]
		delete(holds, d.ReservationID)
	case "order.placed":
		b.placed[id]++
	case "order.confirmed":
		b.confirmed[id]++
	case "order.confirmation_sent":
		b.mailed[id]++
	case "payment.captured":
		b.captured[id] += d.AmountMinor
		b.identities[d.CaptureID]++
	case "payment.refund_requested":
		b.refunding[id] += d.AmountMinor
	}
}

// types are the types of a stream's events, in order.
func types(t *testing.T, c *client.Client, stream string) (all []string) {
	t.Helper()
	page, err := c.Stream(t.Context(), stream, 0, "")
	require.NoError(t, err)
	for _, e := range page.Items {
		all = append(all, e.Type)
	}
	return all
}
