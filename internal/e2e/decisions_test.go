package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
)

// TestOrder_fromPlacedToCompleted_andMoneyBack: what people decide about one order, and what follows behind each answer.
func TestOrder_fromPlacedToCompleted_andMoneyBack(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Data: t.TempDir(), Demo: true})
	ctx := t.Context()
	two := v1.PlaceOrder{OrderID: "1", Items: []v1.PlaceItem{{SKU: "TEDDY-BEAR", Quantity: 2}}}
	_, err := s.PlaceOrder(ctx, two)
	require.NoError(t, err)
	_, err = s.ShipOrder(ctx, "1", v1.ShipOrder{})
	require.Equal(t, v1.OrderNotConfirmed, code(t, err))
	_, err = s.RefundOrder(ctx, "1", v1.RefundOrder{AmountMinor: 1, Reason: "gift"}, client.Key("early"))
	require.Equal(t, v1.OrderNotRefundable, code(t, err))
	_, err = s.RecordPayment(ctx, "1", v1.RecordPayment{PaymentID: "p", AmountMinor: 5998})
	require.NoError(t, err)
	s.confirmed("1")

	one := v1.ShipOrder{Lines: []v1.ShipmentLine{{LineID: "1", Quantity: 1}}, Carrier: "post", Tracking: "T-1"}
	first, err := s.ShipOrder(ctx, "1", one, client.Key("parcel"))
	require.NoError(t, err)
	require.Equal(t, "partially_shipped", first.Body.FulfillmentStatus)
	again, err := s.ShipOrder(ctx, "1", one, client.Key("parcel"))
	require.NoError(t, err)
	require.Equal(t, first.Raw, again.Raw)
	one.Lines[0].Quantity = 2
	_, err = s.ShipOrder(ctx, "1", one)
	require.Equal(t, v1.OverShipment, code(t, err))
	_, err = s.CancelOrder(ctx, "1", v1.CancelOrder{Reason: "late"})
	require.Equal(t, v1.OrderNotCancellable, code(t, err))
	rest, err := s.ShipOrder(ctx, "1", v1.ShipOrder{})
	require.NoError(t, err)
	require.Equal(t, "shipped", rest.Body.FulfillmentStatus)
	for _, parcel := range []string{first.Body.ShipmentID, rest.Body.ShipmentID} {
		_, err = s.DeliverShipment(ctx, "1", parcel)
		require.NoError(t, err)
	}
	eventually(t, func() error { return s.status("1", "completed", "paid") })
	eventually(t, func() error { return s.holds("TEDDY-BEAR", 98, 0) })

	refund, err := s.RefundOrder(ctx, "1", v1.RefundOrder{AmountMinor: 998, Reason: "gift"}, client.Key("gift"))
	require.NoError(t, err)
	require.Equal(t, "requested", refund.Body.Status)
	_, err = s.RefundOrder(ctx, "1", v1.RefundOrder{AmountMinor: 5998, Reason: "gift"}, client.Key("too much"))
	require.Equal(t, v1.RefundExceedsCaptured, code(t, err))
	done, err := s.CompleteRefund(ctx, "1", refund.Body.RefundID)
	require.NoError(t, err)
	require.Equal(t, "refunded", done.Body.Status)
	eventually(t, func() error { return s.status("1", "completed", "partially_refunded") })
	reversed, err := s.FailRefund(ctx, "1", refund.Body.RefundID, v1.FailRefund{})
	require.NoError(t, err)
	require.True(t, reversed.Body.NeedsReview, "a failure after a success is a question for a person")
	eventually(t, func() error {
		account, err := s.Account(ctx, "1")
		if err == nil && len(account.Reviews) != 1 {
			err = fmt.Errorf("%d reviews", len(account.Reviews))
		}
		return err
	})
}

func TestOrder_cancelled_givesStockAndMoneyBack(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Data: t.TempDir(), Demo: true})
	s.letter(orderLetter("1"))
	s.letter(paymentLetter("1"))
	s.confirmed("1")
	for range 2 { // once more is the same
		cancelled, err := s.CancelOrder(t.Context(), "1", v1.CancelOrder{Reason: "changed_mind"})
		require.NoError(t, err)
		require.Equal(t, "cancelled", cancelled.Body.Status)
		require.NotZero(t, cancelled.Position)
	}
	eventually(t, func() error { return s.status("1", "cancelled", "refund_pending") })
	eventually(t, func() error { return s.holds("TEDDY-BEAR", 100, 0) })
}

func TestCatalogue_changes_holdForTheOrdersToCome(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Data: t.TempDir(), Demo: true})
	ctx := t.Context()
	s.letter(orderLetter("1"))
	_, err := s.ChangePrice(ctx, "TEDDY-BEAR", v1.ChangePrice{PriceMinor: 3499})
	require.NoError(t, err)
	_, err = s.RenameProduct(ctx, "TEDDY-BEAR", v1.RenameProduct{Name: "Grizzly"})
	require.NoError(t, err)
	dearer, err := s.PlaceOrder(ctx, v1.PlaceOrder{OrderID: "2", Items: []v1.PlaceItem{{Name: "grizzly", Quantity: 1}}})
	require.NoError(t, err)
	require.Equal(t, int64(3499), dearer.Body.GrandTotalMinor)
	for _, id := range []string{"1", "2"} {
		eventually(t, func() error { return s.status(id, "awaiting_payment", "requested") })
	}

	_, err = s.AdjustStock(ctx, "TEDDY-BEAR", v1.AdjustStock{Delta: -99, Reason: "count"}, client.Key("count"))
	require.Equal(t, v1.WouldBreakReservations, code(t, err), "two are held")
	adjusted, err := s.AdjustStock(ctx, "TEDDY-BEAR", v1.AdjustStock{Delta: -98, Reason: "count"}, client.Key("count"))
	require.NoError(t, err, "a refusal changed nothing, and is evaluated anew")
	require.Equal(t, int64(2), adjusted.Body.OnHand)

	_, err = s.Discontinue(ctx, "TEDDY-BEAR")
	require.NoError(t, err)
	_, err = s.PlaceOrder(ctx, v1.PlaceOrder{Items: []v1.PlaceItem{{SKU: "TEDDY-BEAR", Quantity: 1}}})
	require.Equal(t, v1.ProductDiscontinued, code(t, err))
}

// TestLines_sentAgain_doNothingTwice: a file of letters, sent again with its key, does nothing twice and says the same.
func TestLines_sentAgain_doNothingTwice(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Data: t.TempDir(), Demo: true})
	file := strings.Join([]string{orderLetter("1"), "", "not a letter", paymentLetter("1"), orderLetter("1"), ""}, "\n")
	first, err := s.SendLines(t.Context(), []byte(file), client.Key("file"), client.Wait(10))
	require.NoError(t, err)
	var told []string
	for _, item := range first.Body.Items {
		told = append(told, fmt.Sprint(item.Line, " ", item.Status))
	}
	require.Equal(t, []string{"1 processed", "3 failed", "4 processed", "5 duplicate"}, told)
	require.NoError(t, s.status("1", "confirmed", "paid"), "it waited until all had settled")
	eventually(t, func() error { return quiet(t, s.Client) })
	before := len(events(t, s.Client))
	again, err := s.SendLines(t.Context(), []byte(file), client.Key("file"))
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Raw, again.Raw)
	_, err = s.SendLines(t.Context(), []byte(file+"{}"), client.Key("file"))
	require.Equal(t, v1.IdempotencyKeyReused, code(t, err))
	require.Len(t, events(t, s.Client), before)
}

// code is that of the problem which a command was answered with.
func code(t *testing.T, err error) string {
	t.Helper()
	var p *v1.Problem
	require.ErrorAs(t, err, &p)
	return p.Code
}

// holds returns an error unless so many units are on hand, and so many of them paid for.
func (s *shop) holds(sku string, onHand, allocated int64) error {
	item, err := s.Item(s.t.Context(), sku)
	if err == nil && (item.OnHand != onHand || item.Allocated != allocated) {
		err = fmt.Errorf("%d on hand, %d allocated", item.OnHand, item.Allocated)
	}
	return err
}
