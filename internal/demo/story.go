package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/domain/money"
)

// Story is one order of the demonstration: what is done to it, and how it ends.
type Story struct {
	Name string
	rule string // of the simulator, in the order's id; for those who are driven by hand a rule that says nothing
	act  func(ctx context.Context, t *teller) error
	end  func(o v1.Order, account v1.Account) bool
}

// Told is how a story ended.
type Told struct {
	Story   string `json:"story"`
	OrderID string `json:"order_id"`
	End     string `json:"end"` // its statuses
	OK      bool   `json:"ok"`  // as it should
	Path    string `json:"path"`
}

// teller tells one story to a running shop.
type teller struct {
	*client.Client
	orderID string
}

// storyAtMost bounds how long a story may take; its deadlines are seconds.
const storyAtMost = 90 * time.Second

// Tell tells the story with a number and waits for its end. run makes the order's id another one each time.
func Tell(ctx context.Context, server *client.Client, run string, number int) (Told, error) {
	s := Stories[number]
	ctx, cancel := context.WithTimeout(ctx, storyAtMost)
	defer cancel()
	t := &teller{server, fmt.Sprintf("demo-%s-%s-%d", s.rule, run, number+1)}
	told := Told{Story: s.Name, OrderID: t.orderID, Path: "/v1/orders/" + t.orderID + "/timeline"}
	if err := s.act(ctx, t); err != nil {
		return told, fmt.Errorf("%s (order %s): %w", s.Name, t.orderID, err)
	}
	err := t.until(ctx, func(o v1.Order, account v1.Account) bool {
		told.End = ended(o, account)
		told.OK = s.end(o, account)
		return told.OK
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // told as it stands
	}
	return told, err
}

// ended puts an order's end into words.
func ended(o v1.Order, account v1.Account) string {
	words := []string{o.Status, account.PaymentStatus}
	if o.Status == "" {
		words[0] = "no order"
	}
	if o.Reason != "" {
		words[0] += " (" + o.Reason + ")"
	}
	if o.FulfillmentStatus != "" && o.FulfillmentStatus != "unfulfilled" {
		words = append(words, o.FulfillmentStatus)
	}
	words = append(words, sentBack(account)...)
	if o.NeedsReview {
		words = append(words, "needs review")
	}
	return strings.Join(words, ", ")
}

// sentBack tells what was refunded, once per currency.
func sentBack(account v1.Account) (words []string) {
	sums := map[string]int64{}
	for _, r := range account.Refunds {
		if r.Status == "refunded" {
			sums[r.Currency] += r.AmountMinor
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		words = append(words, money.Format(sums[currency], currency)+" sent back")
	}
	return words
}

// refundedMinor adds up an account's refunds with a status, in whichever currency.
func refundedMinor(account v1.Account, status string) (sum int64) {
	for _, r := range account.Refunds {
		if r.Status == status {
			sum += r.AmountMinor
		}
	}
	return sum
}

// lookEvery is how often a story is looked at.
const lookEvery = 100 * time.Millisecond

// until waits until the order and its account are as wanted. What is not there yet is looked at as if it were empty.
func (t *teller) until(ctx context.Context, as func(v1.Order, v1.Account) bool) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		o, err := there(t.Client.Order(ctx, t.orderID))
		if err != nil {
			return err
		}
		account, err := there(t.Client.Account(ctx, t.orderID))
		if err != nil {
			return err
		}
		if as(o, account) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// there takes what is not there, or not for the moment, for something empty.
func there[T any](found T, err error) (T, error) {
	var problem *v1.Problem
	if errors.As(err, &problem) && (problem.Status == 404 || problem.Retryable) {
		return found, nil
	}
	return found, err
}

// place orders so many units of a SKU.
func (t *teller) place(ctx context.Context, items ...v1.PlaceItem) error {
	_, err := t.PlaceOrder(ctx, v1.PlaceOrder{OrderID: t.orderID, Items: items})
	return err
}

// pay tells that money arrived.
func (t *teller) pay(ctx context.Context, paymentID string, minor int64) error {
	_, err := t.RecordPayment(ctx, t.orderID, v1.RecordPayment{PaymentID: paymentID, AmountMinor: minor, Currency: "USD"})
	return err
}

// confirmed waits until the order is.
func (t *teller) confirmed(ctx context.Context) error {
	return t.until(ctx, func(o v1.Order, _ v1.Account) bool { return o.Status == "confirmed" })
}
