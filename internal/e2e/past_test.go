package e2e_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/program"
)

// TestAsOf_isWhatWasShownThen: every order, account and stock that the read models have shown is shown again, to the last
// field, as of the position that it told.
func TestAsOf_isWhatWasShownThen(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		s := open(t, config)
		s.stocked("TOY", 100)
		s.stocked("GAME", 100)
		seen := s.watchedStory()
		require.Greater(t, len(seen.orders), 3)
		for position, order := range seen.orders {
			then, err := s.OrderAsOf(t.Context(), order.OrderID, strconv.FormatInt(position, 10))
			require.NoError(t, err)
			require.Equal(t, order, then)
		}
		for position, account := range seen.accounts {
			then, err := s.AccountAsOf(t.Context(), account.OrderID, strconv.FormatInt(position, 10))
			require.NoError(t, err)
			require.Equal(t, account, then)
		}
		for position, item := range seen.items {
			then, err := s.ItemAsOf(t.Context(), item.SKU, strconv.FormatInt(position, 10))
			require.NoError(t, err)
			require.Equal(t, item, then)
		}
	})
}

// watched is what read models have shown, by position.
type watched struct {
	orders   map[int64]v1.Order
	accounts map[int64]v1.Account
	items    map[int64]v1.Item
}

// watchedStory lets one order be placed, paid in two parts, shipped and delivered, and looks at it after every command.
func (s *shop) watchedStory() watched {
	ctx, t := s.t.Context(), s.t
	w := watched{map[int64]v1.Order{}, map[int64]v1.Account{}, map[int64]v1.Item{}}
	look := func(err error) {
		require.NoError(t, err)
		eventually(t, func() error { // each read model at its own pace
			order, errOrder := s.Order(ctx, "watched")
			account, errAccount := s.Account(ctx, "watched")
			item, errItem := s.Item(ctx, "TOY")
			w.orders[order.Position], w.accounts[account.Position], w.items[item.Position] = order, account, item
			return errors.Join(errOrder, errAccount, errItem)
		})
		delete(w.orders, 0)
		delete(w.accounts, 0)
		delete(w.items, 0)
	}
	placed, err := s.PlaceOrder(ctx, v1.PlaceOrder{OrderID: "watched", Items: []v1.PlaceItem{{SKU: "TOY", Quantity: 2}, {SKU: "GAME", Quantity: 1}}})
	require.NoError(t, err)
	_, err = s.OrderAt(ctx, "watched", placed.Position)
	look(err)
	eventually(t, func() error { return s.atRest("watched", "awaiting_payment") })
	look(nil)
	part, err := s.RecordPayment(ctx, "watched", v1.RecordPayment{PaymentID: "p-1", AmountMinor: 1000})
	require.NoError(t, err)
	_, err = s.OrderAt(ctx, "watched", part.Position)
	look(err)
	_, err = s.RecordPayment(ctx, "watched", v1.RecordPayment{PaymentID: "p-2", AmountMinor: 2000})
	require.NoError(t, err)
	s.confirmed("watched")
	look(nil)
	parcel, err := s.ShipOrder(ctx, "watched", v1.ShipOrder{Carrier: "post"})
	require.NoError(t, err)
	_, err = s.OrderAt(ctx, "watched", parcel.Position)
	look(err)
	_, err = s.DeliverShipment(ctx, "watched", parcel.Body.ShipmentID)
	require.NoError(t, err)
	eventually(t, func() error { return s.atRest("watched", "completed") })
	look(nil)
	return w
}

// TestListAsOf_isTheListOfThen: an order that came later is not in it, and one that went on is as it was.
func TestListAsOf_isTheListOfThen(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		s := open(t, config)
		s.stocked("TOY", 100)
		s.stocked("GAME", 100)
		seen := s.watchedStory()
		s.story("x", "y", "z")
		then := int64(0)
		for position, order := range seen.orders {
			if order.Status == "awaiting_payment" {
				then = max(then, position)
			}
		}
		frozen, err := s.OrdersAsOf(t.Context(), strconv.FormatInt(then, 10))
		require.NoError(t, err)
		eventually(t, func() error {
			found, err := s.Frozen(t.Context(), "orders", frozen.Frozen)
			if err == nil && found.Status != "done" {
				err = errors.New(found.Status + " " + found.Error)
			}
			return err
		})
		filters := map[string]string{"frozen": strconv.FormatInt(frozen.Frozen, 10)}
		page, err := s.OrdersBy(t.Context(), filters, 10, "")
		require.NoError(t, err)
		require.Equal(t, []v1.Order{seen.orders[then]}, page.Items)
		filters["status"] = "completed"
		page, err = s.OrdersBy(t.Context(), filters, 10, "")
		require.NoError(t, err)
		require.Empty(t, page.Items)
	})
}
