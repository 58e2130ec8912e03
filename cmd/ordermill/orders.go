package main

import (
	"context"
	"fmt"
	"strconv"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/domain/money"
)

type ordersCommand struct {
	Show     showOrderCommand     `cmd:"" help:"Show one order."`
	Timeline timelineOrderCommand `cmd:"" help:"Tell everything that happened around one order."`
	Explain  explainOrderCommand  `cmd:"" help:"Tell which events and commands made one order what it is, and what each changed."`
}

type showOrderCommand struct {
	ID   string `arg:"" help:"Order id."`
	AsOf string `help:"Show it as it was when the log stood at this position, or at this time (RFC 3339)." placeholder:"POSITION|TIME"`
}

// Run prints one order.
func (c *showOrderCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	order, err := c.order(s.ctx, server)
	if err != nil {
		return err
	}
	if s.json {
		s.print(order)
		return nil
	}
	return s.order(order)
}

func (c *showOrderCommand) order(ctx context.Context, server *client.Client) (v1.Order, error) {
	if c.AsOf != "" {
		return server.OrderAsOf(ctx, c.ID, c.AsOf)
	}
	return server.Order(ctx, c.ID)
}

// order writes a summary for people: what it is, what it costs, what it waits for.
func (s *session) order(o v1.Order) error {
	headline := fmt.Sprintf("Order %s: %s, %s, %s", o.OrderID, o.Status, o.PaymentStatus, o.FulfillmentStatus)
	if o.NeedsReview {
		headline += " (needs review)"
	}
	fmt.Fprintln(s.Out, headline)
	facts := [][]string{{"  placed", clock(o.PlacedAt)}, {"  updated", clock(o.UpdatedAt)}}
	for _, fact := range [][]string{{"  reason", o.Reason}, {"  waiting for", o.WaitingFor}, {"  customer", o.CustomerRef}} {
		if fact[1] != "" {
			facts = append(facts, fact)
		}
	}
	if o.PayBy != nil && o.WaitingFor == "payment" {
		facts = append(facts, []string{"  pay by", clock(o.PayBy)})
	}
	facts = append(facts,
		[]string{"  total", money.Format(o.GrandTotalMinor, o.Currency)},
		[]string{"  captured", money.Format(o.CapturedMinor, o.Currency)},
		[]string{"  outstanding", money.Format(o.OutstandingMinor, o.Currency)})
	if o.RefundedMinor > 0 || o.RefundPendingMinor > 0 {
		facts = append(facts, []string{"  refunded", money.Format(o.RefundedMinor, o.Currency)},
			[]string{"  refund pending", money.Format(o.RefundPendingMinor, o.Currency)})
	}
	for _, l := range o.Lines {
		facts = append(facts, []string{"  " + strconv.FormatInt(l.Quantity, 10) + " x " + l.SKU, money.Format(l.TotalMinor, o.Currency) + "  " + l.Name})
	}
	for _, short := range o.Shortages {
		facts = append(facts, []string{"  short of " + short.SKU, fmt.Sprintf("%d asked for, %d available", short.Requested, short.Available)})
	}
	return s.table(facts)
}
