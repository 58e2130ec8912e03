package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// identical is a command that is the same however often it is sent.
type identical struct {
	name    string
	prepare func(*shop) // what must be there first
	send    func(context.Context, *client.Client) (said string, err error)
	effects map[string]int // events that it leads to in all, by type
}

// identicals are commands of all kinds: those that name what they do, and those that a key makes the same.
func identicals() []identical {
	one := v1.PlaceOrder{Items: []v1.PlaceItem{{SKU: "TOY", Quantity: 1}}}
	var review string
	return []identical{
		{"an order without a key", nil, func(ctx context.Context, c *client.Client) (string, error) {
			order := one
			order.OrderID = "order"
			answer, err := c.PlaceOrder(ctx, order)
			return fmt.Sprint(answer.Body.OrderID, answer.Body.GrandTotalMinor, answer.Location), err
		}, map[string]int{"order.placed": 1, "inventory.reserved": 1, "payment.requested": 1}},
		{"a payment with one id", nil, func(ctx context.Context, c *client.Client) (string, error) {
			answer, err := c.RecordPayment(ctx, "nobody", v1.RecordPayment{PaymentID: "payment", AmountMinor: 7})
			return fmt.Sprint(answer.Body.CaptureID, answer.Body.AmountMinor), err
		}, map[string]int{"payment.captured": 1, "capture.claimed": 1, "payment.unmatched": 1}},
		{"a letter that brings an order", nil, func(ctx context.Context, c *client.Client) (string, error) {
			_, err := c.Send(ctx, []byte(strings.Replace(orderLetter("letter"), `"name":"Teddy Bear"`, `"sku":"TOY"`, 1)))
			return "", err
		}, map[string]int{"order.placed": 1, "inventory.reserved": 1, "payment.requested": 1}},
		{"a letter that brings money, with no id at all", nil, func(ctx context.Context, c *client.Client) (string, error) {
			_, err := c.Send(ctx, []byte(paymentLetter("stranger")))
			return "", err
		}, map[string]int{"payment.captured": 1, "capture.claimed": 1, "payment.unmatched": 1}},
		{"a stock receipt with one key", nil, func(ctx context.Context, c *client.Client) (string, error) {
			answer, err := c.ReceiveStock(ctx, "TOY", v1.ReceiveStock{Quantity: 3}, client.Key("pallet"))
			return string(answer.Raw), err
		}, map[string]int{"inventory.received": 1}},
		{"a stock adjustment with one key", nil, func(ctx context.Context, c *client.Client) (string, error) {
			answer, err := c.AdjustStock(ctx, "TOY", v1.AdjustStock{Delta: -1, Reason: "count"}, client.Key("count"))
			return string(answer.Raw), err
		}, map[string]int{"inventory.adjusted": 1}},
		{"a cancellation", func(s *shop) { s.bought("cancelled") }, func(ctx context.Context, c *client.Client) (string, error) {
			answer, err := c.CancelOrder(ctx, "cancelled", v1.CancelOrder{Reason: "changed_mind"})
			return answer.Body.OrderID + answer.Body.Status, err
		}, map[string]int{"order.cancelled": 1, "inventory.released": 1, "payment.refund_requested": 1, "checkout.finished": 1}},
		{"a refund with one key", func(s *shop) { s.bought("refunded") }, func(ctx context.Context, c *client.Client) (string, error) {
			answer, err := c.RefundOrder(ctx, "refunded", v1.RefundOrder{AmountMinor: 10, Reason: "gift"}, client.Key("gift"))
			return string(answer.Raw), err
		}, map[string]int{"payment.refund_requested": 1}},
		{"a shipment with one key", func(s *shop) { s.bought("shipped") }, func(ctx context.Context, c *client.Client) (string, error) {
			answer, err := c.ShipOrder(ctx, "shipped", v1.ShipOrder{}, client.Key("parcel"))
			return string(answer.Raw), err
		}, map[string]int{"order.shipped": 1, "inventory.committed": 1}},
		{"a review's resolution with one key", func(s *shop) { review = s.contradicted("doubtful") }, func(ctx context.Context, c *client.Client) (string, error) {
			answer, err := c.ResolveReview(ctx, review, v1.ResolveReview{Decision: "refund"}, client.Key("decided"))
			return string(answer.Raw), err
		}, map[string]int{"payment.review_resolved": 1, "payment.captured": 1, "payment.refund_requested": 1}},
	}
}

// bought is an order for one TOY, paid and confirmed.
func (s *shop) bought(id string) {
	s.t.Helper()
	require.NoError(s.t, (&errand{id: id}).run(s.t.Context(), s.Client))
	s.confirmed(id)
}

// contradicted is such an order whose payment was told again with another amount, and the review about that.
func (s *shop) contradicted(id string) (review string) {
	s.t.Helper()
	s.bought(id)
	_, err := s.RecordPayment(s.t.Context(), id, v1.RecordPayment{PaymentID: "pay-" + id, AmountMinor: 77})
	require.NoError(s.t, err)
	eventually(s.t, func() error {
		open, err := s.Reviews(s.t.Context(), "open", 10, "")
		if err == nil && len(open.Items) != 1 {
			err = fmt.Errorf("%d open reviews", len(open.Items))
		}
		if err == nil {
			review = open.Items[0].ReviewID
		}
		return err
	})
	return review
}

// insist sends a command until it is answered for good: "try again" is obeyed, and only where the contract says it.
func (i identical) insist(ctx context.Context, c *client.Client) (string, error) {
	for {
		said, err := i.send(ctx, c)
		var problem *v1.Problem
		if errors.As(err, &problem) && (problem.Code == v1.ConcurrentChange || problem.Code == v1.IdempotencyKeyInFlight) {
			continue
		}
		return said, err
	}
}

// However many times a command is sent at once, and to whichever copy, it happens once and all are told the same.
func TestIdentical_1000AtOnce_haveOneEffect(t *testing.T) {
	for name, open := range map[string]func(*testing.T) []*shop{
		"SQLite": func(t *testing.T) []*shop { return []*shop{open(t, program.Config{Data: t.TempDir()})} },
		"Postgres, two copies": func(t *testing.T) []*shop {
			config := program.Config{Store: services.Postgres(t)}
			return []*shop{open(t, config), open(t, config)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			times := 1000
			if testing.Short() {
				times = 50 // the race detector's share
			}
			copies := open(t)
			copies[0].stocked("TOY", 1000)
			for _, command := range identicals() {
				if command.prepare != nil {
					command.prepare(copies[0])
				}
				eventually(t, func() error { return quiet(t, copies[0].Client) })
				before := events(t, copies[0].Client)
				said := make([]string, times)
				var sending errgroup.Group
				for i := range times {
					sending.Go(func() (err error) {
						said[i], err = command.insist(t.Context(), copies[i%len(copies)].Client)
						return err
					})
				}
				require.NoError(t, sending.Wait(), command.name)
				require.Len(t, slices.Compact(said), 1, command.name)
				eventually(t, func() error { return quiet(t, copies[0].Client) })
				effects := map[string]int{}
				for _, e := range events(t, copies[0].Client)[len(before):] {
					effects[e.Type]++
				}
				for event, n := range command.effects {
					require.Equal(t, n, effects[event], "%s: %s", command.name, event)
				}
			}
			balance(t, copies[0].Client)
			copies[0].verified()
		})
	}
}
