package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
)

// TestDecisions_askForWhatTheContractSays: method, path, escaped, and body of each.
func TestDecisions_askForWhatTheContractSays(t *testing.T) {
	var got string
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.EscapedPath() + " " + string(body)
		require.Equal(t, len(body) > 0, r.Header.Get("Content-Type") == "application/json")
		require.Equal(t, `"k"`, r.Header.Get("Idempotency-Key"))
		fmt.Fprint(w, `{}`)
	})
	ctx, key := context.Background(), client.Key("k")
	for want, ask := range map[string]func() error{
		`POST /v1/products/A%2FB/price {"price_minor":5}`: func() error {
			_, err := c.ChangePrice(ctx, "A/B", v1.ChangePrice{PriceMinor: 5}, key)
			return err
		},
		`POST /v1/products/A/rename {"name":"Bear"}`: func() error {
			_, err := c.RenameProduct(ctx, "A", v1.RenameProduct{Name: "Bear"}, key)
			return err
		},
		`POST /v1/products/A/discontinue `: func() error { _, err := c.Discontinue(ctx, "A", key); return err },
		`POST /v1/inventory/A/adjustments {"delta":-1,"reason":"broken"}`: func() error {
			_, err := c.AdjustStock(ctx, "A", v1.AdjustStock{Delta: -1, Reason: "broken"}, key)
			return err
		},
		`POST /v1/orders/1/cancel {"reason":"x"}`: func() error {
			_, err := c.CancelOrder(ctx, "1", v1.CancelOrder{Reason: "x"}, key)
			return err
		},
		`POST /v1/orders/1/shipments {}`:         func() error { _, err := c.ShipOrder(ctx, "1", v1.ShipOrder{}, key); return err },
		`POST /v1/orders/1/shipments/s/deliver `: func() error { _, err := c.DeliverShipment(ctx, "1", "s", key); return err },
		`POST /v1/orders/1/refunds {"amount_minor":5,"reason":"gift"}`: func() error {
			_, err := c.RefundOrder(ctx, "1", v1.RefundOrder{AmountMinor: 5, Reason: "gift"}, key)
			return err
		},
		`POST /v1/orders/1/refunds/f/complete `: func() error { _, err := c.CompleteRefund(ctx, "1", "f", key); return err },
		`POST /v1/orders/1/refunds/f/fail {}`:   func() error { _, err := c.FailRefund(ctx, "1", "f", v1.FailRefund{}, key); return err },
		`POST /v1/payments/unmatched/c/match {"order_id":"1"}`: func() error {
			_, err := c.MatchCapture(ctx, "c", v1.MatchCapture{OrderID: "1"}, key)
			return err
		},
		`POST /v1/payments/unmatched/c/refund `: func() error { _, err := c.RefundCapture(ctx, "c", key); return err },
		`POST /v1/reviews/v/resolve {"decision":"apply"}`: func() error {
			_, err := c.ResolveReview(ctx, "v", v1.ResolveReview{Decision: "apply"}, key)
			return err
		},
	} {
		require.NoError(t, ask())
		require.Equal(t, want, got)
	}
}
