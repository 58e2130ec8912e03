package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// TestTimeline_missesNothing_andTellsWhoHandledIt: a scan of the whole log finds no event of the order that its timeline does
// not have, whatever became of the order.
func TestTimeline_missesNothing_andTellsWhoHandledIt(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		s := open(t, config)
		s.stocked("TOY", 100)
		s.stocked("GAME", 100)
		s.story("cancelled", "shipped", "waiting")
		for id, status := range map[string]string{"cancelled": "cancelled", "shipped": "completed", "waiting": "awaiting_payment"} {
			eventually(t, func() error { return s.atRest(id, status) })
		}
		log := events(t, s.Client)
		for id, line := range map[string]string{"cancelled": "is on its way back", "shipped": "waits for nothing", "waiting": "waits for 20.00 USD, until "} {
			story, err := s.Timeline(t.Context(), id)
			require.NoError(t, err)
			require.Contains(t, story.WaitingFor, line)
			require.False(t, story.Truncated)
			var told []int64
			for _, e := range story.Items {
				told = append(told, e.Position)
				require.NotEmpty(t, e.Text)
				require.NotContains(t, e.Text, "cannot read")
			}
			require.Equal(t, concerning(t, log, id), told, id)
			eventually(t, func() error { return s.allHandled(id) })
		}
	})
}

// story lets orders of two products be placed: one is paid and cancelled, one is paid, shipped and delivered, one waits.
func (s *shop) story(cancelled, shipped, waiting string) {
	s.t.Helper()
	ctx := s.t.Context()
	for _, id := range []string{cancelled, shipped, waiting} {
		_, err := s.PlaceOrder(ctx, v1.PlaceOrder{OrderID: id, Items: []v1.PlaceItem{{SKU: "TOY", Quantity: 1}, {SKU: "GAME", Quantity: 1}}})
		require.NoError(s.t, err)
	}
	for _, id := range []string{cancelled, shipped} {
		_, err := s.RecordPayment(ctx, id, v1.RecordPayment{PaymentID: "p-" + id, AmountMinor: 2000})
		require.NoError(s.t, err)
		s.confirmed(id)
	}
	_, err := s.CancelOrder(ctx, cancelled, v1.CancelOrder{Reason: "changed_mind"})
	require.NoError(s.t, err)
	parcel, err := s.ShipOrder(ctx, shipped, v1.ShipOrder{})
	require.NoError(s.t, err)
	_, err = s.DeliverShipment(ctx, shipped, parcel.Body.ShipmentID)
	require.NoError(s.t, err)
}

// atRest returns an error unless the order has this status, and the checkout has nothing left to do.
func (s *shop) atRest(id, status string) error {
	o, err := s.Order(s.t.Context(), id)
	if err != nil {
		return err
	}
	story, err := s.Timeline(s.t.Context(), id)
	if err != nil {
		return err
	}
	last := story.Items[len(story.Items)-1].Type
	if o.Status != status || status == "cancelled" && last != "payment.refund_requested" && last != "checkout.finished" {
		return fmt.Errorf("order %s is %s, and ends with %s", id, o.Status, last)
	}
	return s.allHandled(id)
}

// allHandled returns an error unless every consumer has handled every event of an order.
func (s *shop) allHandled(id string) error {
	story, err := s.Timeline(s.t.Context(), id)
	if err != nil {
		return err
	}
	for _, e := range story.Items {
		for _, d := range e.Deliveries {
			if d.Status != "handled" || d.At == nil {
				return fmt.Errorf("position %d: %+v", e.Position, d)
			}
		}
	}
	return nil
}

// concerning scans the log for an order's events: those on its streams, and those whose data name it.
func concerning(t *testing.T, log []v1.Event, id string) (positions []int64) {
	for _, e := range log {
		var data struct {
			OrderID string `json:"order_id"`
		}
		require.NoError(t, json.Unmarshal(e.Data, &data))
		if data.OrderID == id || slices.Contains([]string{"order-" + id, "payment-" + id, "checkout-" + id}, e.Stream) {
			positions = append(positions, e.Position)
		}
	}
	return positions
}

// TestMinPosition_readsYourOwnWrite: also from a copy that did not write it, and keeps no read model itself.
func TestMinPosition_readsYourOwnWrite_fromAnyCopy(t *testing.T) {
	t.Parallel()
	config := program.Config{Store: services.Postgres(t)}
	copies := []*shop{open(t, config), open(t, config)}
	copies[0].stocked("TOY", 100)
	for i := range 20 {
		id := fmt.Sprintf("o-%d", i)
		placed, err := copies[i%2].PlaceOrder(t.Context(), v1.PlaceOrder{OrderID: id, Items: []v1.PlaceItem{{SKU: "TOY", Quantity: 1}}}, client.Key(id))
		require.NoError(t, err)
		for _, s := range copies {
			o, err := s.OrderAt(t.Context(), id, placed.Position)
			require.NoError(t, err)
			require.GreaterOrEqual(t, o.Position, placed.Position)
		}
	}
}
