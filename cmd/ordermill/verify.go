package main

import (
	"fmt"

	"ordermill/api/v1"
)

type verifyCommand struct {
	Name string `arg:"" optional:"" default:"all" help:"Read model; all if none is named." placeholder:"NAME|all"`
}

// Run verifies, and ends with an exit code of its own if anything differs.
func (c *verifyCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	names, err := named(s.ctx, server, c.Name)
	if err != nil {
		return err
	}
	different := 0
	for _, name := range names {
		report, err := server.Verify(s.ctx, name)
		if err != nil {
			return fmt.Errorf("verify %s: %w", name, err)
		}
		if !report.OK {
			different++
		}
		if err := s.verified(report); err != nil {
			return err
		}
	}
	if different > 0 {
		return &exitError{exitDiffers, fmt.Errorf("%d of %d read models are not what the log says; rebuild them", different, len(names))}
	}
	return nil
}

func (s *session) verified(r v1.Verification) error {
	verdict := "as the log says"
	if !r.OK {
		verdict = counted(r.Count, "difference")
	}
	err := s.say(r, "%s: %s (%s at position %d, generation %d)", r.Name, verdict, counted(r.Rows, "row"), r.Position, r.Generation)
	for _, d := range r.Differences {
		if !s.json {
			fmt.Fprintf(s.Out, "  %s %s: %s, the log says %s\n", d.Key, d.Column, d.Live, d.Folded)
		}
	}
	return err
}
