package main

import (
	"errors"
	"fmt"
	"time"

	"ordermill/api/client"
	"ordermill/api/v1"
)

// check refuses what cannot be asked for together.
func (c *rebuildCommand) check() error {
	switch {
	case c.Cancel && (c.DryRun || c.Max != nil || c.Key != ""):
		return usage("--cancel ends a rebuild; it stands alone")
	case c.Key != "" && (c.DryRun || c.Max != nil):
		return usage("--key rebuilds one row at once; --dry-run and --max-changes are of whole read models")
	case c.Key != "" && c.Name == "all":
		return usage("--key is of one read model: name it")
	case c.Max != nil && *c.Max < 0:
		return usage("--max-changes must not be negative")
	}
	return nil
}

// rebuildRow rebuilds one row, and tells what was wrong with it.
func (s *session) rebuildRow(server *client.Client, name, key string) error {
	begun := time.Now()
	row, err := server.RebuildRow(s.ctx, name, key)
	if err != nil {
		return err
	}
	err = s.say(row, "%s %s: %s, %s (position %d, generation %d, %s)", name, key, row.Outcome, counted(row.Count, "difference"),
		row.Position, row.Generation, time.Since(begun).Round(time.Millisecond/10))
	if !s.json {
		s.differences(row.Differences, "the log says")
	}
	return err
}

// compared tells how a rebuild that has ended compares with what was live, if it was compared, and gives it its exit code: refused, or
// of a dry run, that there are differences.
func (s *session) compared(r v1.Rebuild, failed error) error {
	if c := r.Comparison; c != nil && !s.json {
		fmt.Fprintf(s.Out, "%s: %s from the live generation %d (%s at position %d)\n",
			c.Name, counted(c.Count, "difference"), c.Generation, counted(c.Rows, "row"), c.Position)
		s.differences(c.Differences, "rebuilt")
	}
	switch {
	case r.Refused && !r.DryRun:
		return &exitError{exitRefused, errors.New(r.Error)}
	case failed != nil || !r.DryRun:
		return failed
	case r.Refused:
		return &exitError{exitDiffers, errors.New(r.Error)}
	case r.Comparison != nil && r.Comparison.Count > 0:
		return &exitError{exitDiffers, errors.New("the dry run differs from what is live")}
	}
	return nil
}
