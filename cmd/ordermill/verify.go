package main

import (
	"cmp"
	"fmt"

	"ordermill/api/v1"
)

type verifyCommand struct {
	Name   string `arg:"" optional:"" default:"all" help:"Read model; all if none is named." placeholder:"NAME|all"`
	Repair bool   `help:"Fold each row that differs from its own streams, and write it. Parked keys are left alone."`
}

// Run verifies, and ends with an exit code of its own if anything differs.
func (c *verifyCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	names, err := named(s.ctx, server, c.Name)
	if err != nil {
		return err
	}
	do := server.Verify
	if c.Repair {
		do = server.Repair
	}
	different := 0
	for _, name := range names {
		report, err := do(s.ctx, name)
		if err != nil {
			return fmt.Errorf("verify %s: %w", name, err)
		}
		if !report.OK && (report.Repair == nil || report.Repair.LeftCount > 0) {
			different++
		}
		if err := s.verified(report); err != nil {
			return err
		}
	}
	if different > 0 {
		return &exitError{exitDiffers, fmt.Errorf("%d of %d read models are not what the log says; "+advice(c.Repair), different, len(names))}
	}
	return nil
}

func (s *session) verified(r v1.Verification) error {
	verdict := "as the log says"
	if !r.OK {
		verdict = counted(r.Count, "difference")
	}
	err := s.say(r, "%s: %s (%s at position %d, generation %d)", r.Name, verdict, counted(r.Rows, "row"), r.Position, r.Generation)
	if s.json {
		return err
	}
	s.differences(r.Differences, "the log says")
	if r.Parked > 0 {
		fmt.Fprintf(s.Out, "  %s: parked, so neither compared nor touched\n", counted(r.Parked, "key"))
	}
	if r.Repair != nil && !r.OK {
		fmt.Fprintf(s.Out, "  %s mended, %d left as they are\n", counted(r.Repair.Mended, "row"), r.Repair.LeftCount)
		for _, left := range r.Repair.Left {
			fmt.Fprintf(s.Out, "  %s left: %s\n", left.Key, left.Why)
		}
	}
	return err
}

// differences are told a line each: what is there, and what who says.
func (s *session) differences(all []v1.Difference, who string) {
	for _, d := range all {
		fmt.Fprintf(s.Out, "  %s %s: %s, %s %s\n", d.Key, orAll(d.Column), orNothing(d.Live), who, orNothing(d.Folded))
	}
}

func orAll(column string) string      { return cmp.Or(column, "(whole row)") }
func orNothing(content string) string { return cmp.Or(content, "nothing") }

// advice is what to do about rows that differ still.
func advice(repaired bool) string {
	if repaired {
		return "rebuild them"
	}
	return "mend them with --repair, or rebuild them"
}
