package main

import (
	"fmt"

	"ordermill/api/v1"
)

type consumersCommand struct{}

// Run lists who reads the log.
func (c *consumersCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	consumers, err := server.Consumers(s.ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"NAME", "KIND", "CHECKPOINT", "LAG", "SECONDS", "PARKED", "OWNER", "HEARTBEAT", "ERROR"}}
	for _, c := range consumers {
		if s.json {
			s.print(c)
		}
		rows = append(rows, []string{c.Name, c.Kind, number(c.Checkpoint), number(c.Lag), seconds(c.LagSeconds), number(c.Parked),
			orNone(c.Owner), clock(c.HeartbeatAt), orNone(c.Error)})
	}
	if s.json {
		return nil
	}
	return s.table(rows)
}

type relaysCommand struct{}

// Run lists how far the log is published.
func (c *relaysCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	relays, err := server.Relays(s.ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"TRANSPORT", "CHECKPOINT", "HEAD", "LAG", "SECONDS", "OWNER", "HEARTBEAT", "BEYOND", "ERROR"}}
	for _, r := range relays {
		if s.json {
			s.print(r)
		}
		rows = append(rows, []string{r.Transport, number(r.Checkpoint), number(r.Head), number(r.Lag), seconds(r.LagSeconds),
			orNone(r.Owner), clock(r.HeartbeatAt), beyond(r.Beyond), orNone(r.Error)})
	}
	if s.json {
		return nil
	}
	return s.table(rows)
}

func seconds(s float64) string { return fmt.Sprintf("%.1f", s) }

// beyond is what was published that the log has not.
func beyond(b *v1.Beyond) string {
	if b == nil {
		return "-"
	}
	return fmt.Sprintf("%d..%d", b.First, b.Last)
}

// orNone keeps a column visible where there is nothing to say.
func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
