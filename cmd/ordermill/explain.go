package main

import (
	"fmt"

	"ordermill/api/v1"
)

type explainOrderCommand struct {
	ID string `arg:"" help:"Order id."`
}

// pageLimit is how many items are asked for at once.
const pageLimit = 200

// Run tells, event by event, how an order came to be what it is.
func (c *explainOrderCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	for cursor, more := "", true; more; {
		page, err := server.ExplainOrder(s.ctx, c.ID, pageLimit, cursor)
		if err != nil {
			return err
		}
		for _, change := range page.Items {
			s.rowChange(change)
		}
		if more = page.NextCursor != nil; more {
			cursor = *page.NextCursor
		}
	}
	return nil
}

// rowChange writes an event, who wrote it, and under it what it changed.
func (s *session) rowChange(c v1.RowChange) {
	if s.json {
		s.print(c)
		return
	}
	fmt.Fprintf(s.Out, "%d  %s  %s  %s/%d  by %s, command %s\n", c.Position, clock(c.RecordedAt), c.Type, c.Stream, c.Version, c.Actor, c.CommandID)
	for _, f := range c.Changes {
		if f.Pointer == "" && string(f.Before) == "null" {
			fmt.Fprintf(s.Out, "    it came to be: %s\n", f.After)
		} else {
			fmt.Fprintf(s.Out, "    %s: %s -> %s\n", f.Pointer, f.Before, f.After)
		}
	}
}
