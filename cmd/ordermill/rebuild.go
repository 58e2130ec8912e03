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
	Cancel bool   `help:"End the rebuild or rollback that runs, instead of beginning one; the live generation stays as it is."`
}

// lookEvery is how often a rebuild's progress is asked for.
const lookEvery = 100 * time.Millisecond

// Run rebuilds, one read model after another, and watches until each is live; or cancels.
func (c *rebuildCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	names, err := named(s.ctx, server, c.Name)
	if err != nil {
		return err
	}
	do := s.rebuild
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

func (s *session) rebuild(server *client.Client, name string) error {
	return s.watched(server, name, server.StartRebuild)
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
	if err := s.watched(server, c.Name, server.Rollback); err != nil {
		return fmt.Errorf("rollback of %s: %w", c.Name, err)
	}
	return nil
}

// watched begins something that fills a generation, and returns when it has ended.
func (s *session) watched(server *client.Client, name string, begin func(context.Context, string) (v1.Rebuild, error)) error {
	begun, err := begin(s.ctx, name)
	if err != nil {
		return err
	}
	tell, done := s.watch(name)
	defer done()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		state, err := server.Rebuild(s.ctx, name)
		if s.ctx.Err() != nil {
			return fmt.Errorf("no longer watched, it goes on in the server; to end it: ordermill rebuild %s --cancel", name)
		}
		if err != nil {
			return err
		}
		tell(state)
		switch {
		case state.Generation != begun.Generation || state.Status == "done":
			return nil
		case state.Status != "running":
			return &exitError{exitFailed, errors.New(strings.TrimSuffix(state.Status+": "+state.Error, ": "))}
		}
		select {
		case <-s.ctx.Done():
		case <-look.C:
		}
	}
}
