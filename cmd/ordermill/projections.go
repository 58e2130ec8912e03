package main

import (
	"context"
	"slices"
	"strconv"

	"ordermill/api/client"
)

type projectionsCommand struct{}

// Run lists the read models.
func (c *projectionsCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	models, err := server.Projections(s.ctx)
	if err != nil {
		return err
	}
	if s.json {
		for _, m := range models {
			s.print(m)
		}
		return nil
	}
	rows := [][]string{{"NAME", "GENERATION", "POSITION", "LAG", "PARKED", "KEPT", "STATUS"}}
	for _, m := range models {
		kept := "-"
		if m.KeptGeneration != 0 {
			kept = number(m.KeptGeneration)
		}
		rows = append(rows, []string{m.Name, number(m.Generation), number(m.Position), number(m.Lag), number(m.Parked), kept, m.Status})
	}
	return s.table(rows)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// named is the read models that an argument means: one, or all of them. Whether one exists is the server's to say.
func named(ctx context.Context, server *client.Client, name string) ([]string, error) {
	if name != "all" {
		return []string{name}, nil
	}
	models, err := server.Projections(ctx)
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.Name
	}
	slices.Sort(names)
	return names, err
}
