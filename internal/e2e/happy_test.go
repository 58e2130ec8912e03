package e2e_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// variants are the ways of running the program that must all behave the same.
var variants = []struct {
	name       string
	config     func(*testing.T) program.Config
	transports []string // whose relays publish
}{
	{"SQLite", func(t *testing.T) program.Config { return program.Config{Data: t.TempDir()} }, []string{"inprocess"}},
	{"Postgres", func(t *testing.T) program.Config { return program.Config{Store: services.Postgres(t)} }, nil},
	{"Postgres and AMQP", func(t *testing.T) program.Config {
		return program.Config{Store: services.Postgres(t), AMQP: services.AMQP(t)}
	}, []string{"amqp"}},
	{"Postgres and Redis", func(t *testing.T) program.Config {
		return program.Config{Store: services.Postgres(t), Redis: services.Redis(t)}
	}, []string{"redis"}},
	{"Postgres, AMQP and Redis", func(t *testing.T) program.Config {
		return program.Config{Store: services.Postgres(t), AMQP: services.AMQP(t), Redis: services.Redis(t)}
	}, []string{"amqp", "redis"}},
}

func TestTwoLetters_settleAnOrder(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			config := v.config(t)
			config.Demo = true
			s := open(t, config)

			first := s.letter(orderLetter("order-first"))
			eventually(t, func() error { return s.status("order-first", "awaiting_payment", "requested") })
			s.letter(paymentLetter("order-first"))

			require.JSONEq(t, `"unmatched"`, outcome(t, s.letter(paymentLetter("payment-first"))))
			eventually(t, func() error { _, err := s.Account(t.Context(), "payment-first"); return err })
			s.letter(orderLetter("payment-first"))

			for _, text := range []string{orderLetter("twice"), paymentLetter("twice")} {
				require.Equal(t, "processed", s.letter(text).Status)
				require.Equal(t, "duplicate", s.letter(text).Status)
			}
			ids := append(s.sideBySide(20), "order-first", "payment-first", "twice")
			s.confirmed(ids...)

			s.sold("TEDDY-BEAR", int64(len(ids)))
			s.tracked(first.MessageID, v.transports)
			s.mailed(ids)
			b := balance(t, s.Client)
			require.Len(t, b.confirmed, len(ids))
			require.EqualValues(t, len(ids), b.held["TEDDY-BEAR"])
			require.Equal(t, []string{"order.placed", "order.payment_awaited", "order.confirmed", "order.confirmation_sent"},
				types(t, s.Client, "order-order-first"))
			require.Equal(t, []string{"order.placed", "order.confirmed", "order.confirmation_sent"},
				types(t, s.Client, "order-payment-first"))
			s.verified()
		})
	}
}

// outcome is a member of a letter's result.
func outcome(t *testing.T, m v1.MessageAccepted) string {
	t.Helper()
	return string(member(t, m.Result, "outcome"))
}

// sideBySide sends the two letters of n orders at once, half of them payment first.
func (s *shop) sideBySide(n int) (ids []string) {
	var sending errgroup.Group
	for i := range n {
		id := fmt.Sprintf("side-%d", i)
		ids = append(ids, id)
		letters := []string{orderLetter(id), paymentLetter(id)}
		for j := range letters {
			sending.Go(func() error {
				_, err := s.Send(s.t.Context(), []byte(letters[(i+j)%2]))
				return err
			})
		}
	}
	require.NoError(s.t, sending.Wait())
	return ids
}

// sold waits until the read model shows n units of a SKU allocated and none merely reserved.
func (s *shop) sold(sku string, n int64) {
	s.t.Helper()
	eventually(s.t, func() error {
		item, err := s.Item(s.t.Context(), sku)
		if err == nil && (item.Allocated != n || item.Reserved != 0 || item.Available != item.OnHand-n) {
			err = fmt.Errorf("stock is %+v, want %d allocated", item, n)
		}
		return err
	})
}

// tracked waits until a letter's events are published everywhere and handled by everybody.
func (s *shop) tracked(messageID string, transports []string) {
	s.t.Helper()
	eventually(s.t, func() error {
		m, err := s.Message(s.t.Context(), messageID)
		if err != nil {
			return err
		}
		if m.Status != "processed" || m.Source != "http" || len(m.Events) != 1 || m.Events[0].Type != "order.placed" {
			return fmt.Errorf("the letter is %+v", m)
		}
		e := m.Events[0]
		for _, name := range transports {
			if !e.Published[name] {
				return fmt.Errorf("published: %v, want %v", e.Published, transports)
			}
		}
		handled := map[string]bool{}
		for _, h := range e.Handled {
			handled[h.Consumer] = h.Status == "handled" && h.Attempts == 1 && h.At != nil
		}
		for _, name := range []string{"checkout", "mail", "provider", "orders", "payments", "inventory", "products", "timers", "cases"} {
			if !handled[name] {
				return fmt.Errorf("%s has not handled it: %+v", name, e.Handled)
			}
		}
		return nil
	})
}

// mailed waits until every order has had its confirmation, and demands that none had two.
func (s *shop) mailed(ids []string) {
	s.t.Helper()
	var mails map[string]int
	eventually(s.t, func() error {
		mails = map[string]int{}
		for _, m := range all(s.t, s.Mails) {
			mails[m.OrderID]++
		}
		if len(mails) != len(ids) {
			return fmt.Errorf("%d orders were mailed, want %d", len(mails), len(ids))
		}
		return nil
	})
	for _, id := range ids {
		require.Equal(s.t, 1, mails[id], id)
		eventually(s.t, func() error {
			page, err := s.Stream(s.t.Context(), "order-"+id, 0, "")
			if last := page.Items[len(page.Items)-1].Type; err == nil && last != "order.confirmation_sent" {
				err = fmt.Errorf("order %s ends with %s", id, last)
			}
			return err
		})
	}
}
