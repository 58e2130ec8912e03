package e2e_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// takeover is how soon another copy goes on with what a stopped or dead one did.
const takeover = 10 * time.Second

// stocked registers a product with so many units, at 10.00 USD; again, it does nothing.
func (s *shop) stocked(sku string, quantity int64) {
	s.t.Helper()
	require.NoError(s.t, s.provide(sku, quantity))
}

func (s *shop) provide(sku string, quantity int64) error {
	_, err := s.RegisterProduct(s.t.Context(), v1.RegisterProduct{SKU: sku, Name: "Product " + sku, PriceMinor: 1000, Currency: "USD"}, client.Key("product-"+sku))
	if err == nil {
		_, err = s.ReceiveStock(s.t.Context(), sku, v1.ReceiveStock{Quantity: quantity}, client.Key("stock-"+sku))
	}
	return err
}

// order places an order for one unit of a SKU; answers that say "try again" are obeyed.
func (s *shop) order(sku, id string) error {
	for {
		answer, err := s.PlaceOrder(s.t.Context(), v1.PlaceOrder{OrderID: id, Items: []v1.PlaceItem{{SKU: sku, Quantity: 1}}}, client.Key(id))
		var problem *v1.Problem
		switch {
		case errors.As(err, &problem) && problem.Code == v1.ConcurrentChange:
			continue
		case err == nil && answer.Status != 201:
			return fmt.Errorf("order %s: status %d", id, answer.Status)
		}
		return err
	}
}

func TestTwoCopies_lastUnits_exactlyTheStockIsSold(t *testing.T) {
	t.Parallel()
	stock, buyers := int64(20), torture(60, 400)
	config := program.Config{Store: services.Postgres(t), AMQP: services.AMQP(t), Redis: services.Redis(t)}
	copies := []*shop{open(t, config), open(t, config)}
	copies[0].stocked("LAST", stock)

	var buying errgroup.Group
	for i := range buyers {
		buying.Go(func() error { return copies[i%2].order("LAST", fmt.Sprintf("o-%d", i)) })
	}
	require.NoError(t, buying.Wait())

	var held []string
	eventually(t, func() error {
		held = nil
		rejected := 0
		for _, o := range all(t, copies[1].Orders) {
			switch {
			case o.Status == "awaiting_payment":
				held = append(held, o.OrderID)
			case o.Status == "rejected" && o.Reason == "out_of_stock" && len(o.Shortages) == 1:
				rejected++
			}
		}
		if len(held)+rejected != buyers {
			return fmt.Errorf("%d hold stock, %d are rejected, of %d", len(held), rejected, buyers)
		}
		return nil
	})
	require.Len(t, held, int(stock))

	for i := range buyers { // everybody pays, through the other copy, twice
		for range 2 {
			buying.Go(func() error {
				id := fmt.Sprintf("o-%d", i)
				_, err := copies[(i+1)%2].RecordPayment(t.Context(), id, v1.RecordPayment{PaymentID: "pay-" + id, AmountMinor: 1000})
				return err
			})
		}
	}
	require.NoError(t, buying.Wait())
	copies[0].confirmed(held...)
	copies[0].sold("LAST", stock)
	eventually(t, func() error {
		refunding := 0
		for _, o := range all(t, copies[0].Orders) {
			if o.Status == "rejected" && o.RefundPendingMinor == o.CapturedMinor && o.CapturedMinor == 1000 {
				refunding++
			}
		}
		if refunding != buyers-int(stock) {
			return fmt.Errorf("%d late payments go back, want %d", refunding, buyers-int(stock))
		}
		return nil
	})
	b := balance(t, copies[0].Client)
	require.Equal(t, stock, b.held["LAST"])
	require.Len(t, b.placed, buyers)
	require.Len(t, b.confirmed, int(stock))
	copies[1].verified()
}

func TestTwoCopies_everyConsumerHasOneOwner_theOtherTakesOverWhenItStops(t *testing.T) {
	config := program.Config{Store: services.Postgres(t), Demo: true}
	first := open(t, config)
	second := open(t, config)
	eventually(t, func() error { return owned(second) })
	before := owners(t, second)
	first.letter(orderLetter("1"))
	second.letter(paymentLetter("1"))
	second.confirmed("1")
	require.Equal(t, before, owners(t, second), "a consumer changed hands although nobody died")

	first.stop()
	stopped := time.Now()
	second.letter(orderLetter("2"))
	second.letter(paymentLetter("2"))
	within(t, takeover-time.Since(stopped), func() error { return second.status("2", "confirmed", "paid") })
	for name, owner := range owners(t, second) {
		require.NotEqual(t, before[name], owner, name)
	}
	require.Len(t, balance(t, second.Client).confirmed, 2)
	second.verified()
}

// owned returns an error while a consumer has no owner.
func owned(s *shop) error {
	consumers, err := s.Consumers(s.t.Context())
	for _, c := range consumers {
		if c.Owner == "" {
			return fmt.Errorf("%s has no owner", c.Name)
		}
	}
	return err
}

// owners is who owns each consumer, and since which epoch.
func owners(t *testing.T, s *shop) map[string]string {
	t.Helper()
	consumers, err := s.Consumers(t.Context())
	require.NoError(t, err)
	require.Len(t, consumers, 9, "six read models, the checkout, mail and the payment provider")
	all := map[string]string{}
	for _, c := range consumers {
		all[c.Name] = fmt.Sprintf("%s since epoch %d", c.Owner, c.Epoch)
	}
	return all
}
