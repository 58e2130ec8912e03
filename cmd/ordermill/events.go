package main

import (
	"errors"
	"fmt"

	"ordermill/api/client"
	"ordermill/api/v1"
)

type eventsCommand struct {
	Tail tailCommand `cmd:"" help:"Print the log from a position on, and follow it."`
}

type tailCommand struct {
	After  int64    `help:"Start after this position." placeholder:"N"`
	Types  []string `help:"Only events of these types, such as order.placed." placeholder:"TYPE"`
	Stream string   `help:"Only events of this stream, such as order-123."`
	Count  int      `short:"n" help:"Stop after so many events." placeholder:"N"`
}

var errEnough = errors.New("that was the last event asked for")

// Run prints events until it is stopped. A lost connection is resumed without a gap.
func (c *tailCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	filter := client.Filter{After: c.After, Types: c.Types, Stream: c.Stream}
	if _, err := server.Events(s.ctx, filter, 1); err != nil {
		return err // a server that is not there is an error at first, and only later a reason to wait
	}
	seen := 0
	err := server.Tail(s.ctx, filter, func(e v1.Event) error {
		s.event(e)
		if seen++; seen == c.Count {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) || s.ctx.Err() != nil { // Ctrl-C is how a tail ends
		return nil
	}
	return err
}

func (s *session) event(e v1.Event) {
	if s.json {
		s.print(e)
		return
	}
	fmt.Fprintf(s.Out, "%6d  %s  %-28s %-30s %s\n", e.Position, e.RecordedAt.Format("15:04:05.000"),
		fmt.Sprintf("%s/%d", e.Stream, e.Version), e.Type, e.Data)
}
