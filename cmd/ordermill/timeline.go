package main

import (
	"fmt"

	"ordermill/api/v1"
)

type timelineOrderCommand struct {
	ID string `arg:"" help:"Order id."`
}

// Run tells an order's story.
func (c *timelineOrderCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	story, err := server.Timeline(s.ctx, c.ID)
	if err != nil {
		return err
	}
	if s.json {
		s.print(story)
		return nil
	}
	return s.story(story)
}

func (s *session) story(t v1.Timeline) error {
	if t.Status == "" {
		fmt.Fprintf(s.Out, "Order %s: not placed, %s. %s\n", t.OrderID, t.PaymentStatus, t.WaitingFor)
	} else {
		fmt.Fprintf(s.Out, "Order %s: %s, %s. %s\n", t.OrderID, t.Status, t.PaymentStatus, t.WaitingFor)
	}
	var rows [][]string
	for _, e := range t.Items {
		rows = append(rows, []string{clock(e.At), number(e.Position), e.Type, e.Text + trouble(e.Deliveries)})
	}
	if err := s.table(rows); err != nil {
		return err
	}
	if t.Truncated {
		fmt.Fprintln(s.Out, "Too much has happened to its SKUs since: some events of stocks may be missing.")
	}
	for _, timer := range t.Timers {
		fmt.Fprintf(s.Out, "At %s: %s\n", clock(timer.DueAt), timer.Text)
	}
	return nil
}

// trouble names the consumers that did not handle an event, if any; that all the others did is not worth a word.
func trouble(deliveries []v1.Handled) (text string) {
	for _, d := range deliveries {
		if d.Status != "handled" {
			text += fmt.Sprintf(" [%s: %s]", d.Consumer, d.Status)
		}
	}
	return text
}
