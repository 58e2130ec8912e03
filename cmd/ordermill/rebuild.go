package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ordermill/api/client"
	"ordermill/api/v1"
)

type rebuildCommand struct {
	Name   string `arg:"" help:"Read model, or all." placeholder:"NAME|all"`
	Key    string `help:"Of one row: fold it from its streams and write it, in milliseconds, instead of building all." placeholder:"KEY"`
	DryRun bool   `help:"Build and compare with the live generation, tell the differences, and change nothing."`
	Max    *int64 `name:"max-changes" help:"Refuse to go live with more differences from the live generation than this." placeholder:"N"`
	Cancel bool   `help:"End the rebuild or rollback that runs, instead of beginning one; the live generation stays as it is."`
}

// lookEvery is how often a rebuild's progress is asked for.
const lookEvery = 100 * time.Millisecond

// Run rebuilds, one read model after another, and watches until each is live; or cancels.
func (c *rebuildCommand) Run(s *session) error {
	if err := c.check(); err != nil {
		return err
	}
	server := s.client()
	defer server.Close()
	if c.Key != "" {
		return s.rebuildRow(server, c.Name, c.Key)
	}
	names, err := named(s.ctx, server, c.Name)
	if err != nil {
		return err
	}
	do := s.rebuild(client.Conditions{DryRun: c.DryRun, MaxChanges: c.Max})
	if c.Cancel {
		do = s.cancelRebuild
	}
	var failed error
	for i, name := range names {
		err := do(server, name)
		if c.Cancel && c.Name == "all" && isNotRunning(err) {
			err = nil // of all, those that run are meant
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("rebuild of %s: %w", name, err))
		}
		if left := names[i+1:]; s.ctx.Err() != nil && len(left) > 0 {
			return errors.Join(failed, fmt.Errorf("not begun: %s", strings.Join(left, ", ")))
		}
	}
	return failed
}

func isNotRunning(err error) bool {
	var problem *v1.Problem
	return errors.As(err, &problem) && problem.Code == v1.RebuildNotRunning
}

// rebuild is a rebuild held to conditions.
func (s *session) rebuild(conditions client.Conditions) func(*client.Client, string) error {
	return func(server *client.Client, name string) error {
		ended, err := s.watched(server, name, func(ctx context.Context, name string) (v1.Rebuild, error) {
			return server.StartRebuildIf(ctx, name, conditions)
		})
		return s.compared(ended, err)
	}
}

func (s *session) cancelRebuild(server *client.Client, name string) error {
	state, err := server.CancelRebuild(s.ctx, name)
	if err != nil {
		return err
	}
	return s.say(state, "%s: cancelled, nothing of generation %d goes live", name, state.Generation)
}

type rollbackCommand struct {
	Name string `arg:"" help:"Read model." placeholder:"NAME"`
}

// Run rolls back, and watches until the generation of before is live.
func (c *rollbackCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	if _, err := s.watched(server, c.Name, server.Rollback); err != nil {
		return fmt.Errorf("rollback of %s: %w", c.Name, err)
	}
	return nil
}

// watched begins something that fills a generation, and returns how it has ended.
func (s *session) watched(server *client.Client, name string, begin func(context.Context, string) (v1.Rebuild, error)) (ended v1.Rebuild, err error) {
	begun, err := begin(s.ctx, name)
	if err != nil {
		return ended, err
	}
	tell, done := s.watch(name)
	defer done()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		state, err := server.Rebuild(s.ctx, name)
		if s.ctx.Err() != nil {
			return ended, fmt.Errorf("no longer watched, it goes on in the server; to end it: ordermill rebuild %s --cancel", name)
		}
		if err != nil {
			return ended, err
		}
		tell(state)
		switch {
		case state.Generation != begun.Generation || state.Status == "done":
			return state, nil
		case state.Status != "running":
			return state, &exitError{exitFailed, errors.New(strings.TrimSuffix(state.Status+": "+state.Error, ": "))}
		}
		select {
		case <-s.ctx.Done():
		case <-look.C:
		}
	}
}
