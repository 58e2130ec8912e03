package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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

// Run rebuilds, all that are asked for at once, and watches until each is live; or cancels.
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
	if c.Cancel {
		return s.cancelRebuilds(server, names, c.Name == "all")
	}
	conditions := client.Conditions{DryRun: c.DryRun, MaxChanges: c.Max}
	var failed error
	for _, b := range s.watched(server, names, func(ctx context.Context, name string) (v1.Rebuild, error) {
		return server.StartRebuildIf(ctx, name, conditions)
	}) {
		if err := s.compared(b.state, b.err); err != nil {
			failed = errors.Join(failed, fmt.Errorf("rebuild of %s: %w", b.name, err))
		}
	}
	return failed
}

// cancelRebuilds cancels those that run; of all, those that do not are not meant.
func (s *session) cancelRebuilds(server *client.Client, names []string, all bool) error {
	var failed error
	for _, name := range names {
		if err := s.cancelRebuild(server, name); err != nil && !(all && isNotRunning(err)) {
			failed = errors.Join(failed, fmt.Errorf("rebuild of %s: %w", name, err))
		}
	}
	return failed
}

func isNotRunning(err error) bool {
	var problem *v1.Problem
	return errors.As(err, &problem) && problem.Code == v1.RebuildNotRunning
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
	if err := s.watched(server, []string{c.Name}, server.Rollback)[0].err; err != nil {
		return fmt.Errorf("rollback of %s: %w", c.Name, err)
	}
	return nil
}

// build is a generation that is being filled, as the command line watches it.
type build struct {
	name  string
	begun v1.Rebuild
	state v1.Rebuild // as it was seen last
	tell  func(v1.Rebuild)
	done  func()
	ended bool
	err   error
}

// watched begins something that fills generations, for all names at once so that the server reads the log once for them, and returns
// them when each has ended.
func (s *session) watched(server *client.Client, names []string, begin func(context.Context, string) (v1.Rebuild, error)) []*build {
	builds := make([]*build, len(names))
	var beginning sync.WaitGroup
	for i, name := range names {
		b := &build{name: name}
		builds[i] = b
		beginning.Go(func() {
			b.begun, b.err = begin(s.ctx, name)
			b.ended = b.err != nil
		})
	}
	beginning.Wait()
	for _, b := range builds {
		b.tell, b.done = s.watch(b.name, len(builds) == 1)
		defer b.done()
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for s.look(server, builds) {
		select {
		case <-s.ctx.Done():
		case <-look.C:
		}
	}
	return builds
}

// look asks for the progress of each build that has not ended, and tells whether there is one.
func (s *session) look(server *client.Client, builds []*build) (more bool) {
	for _, b := range builds {
		if !b.ended {
			b.ended, b.err = s.lookAt(server, b)
			more = more || !b.ended
		}
	}
	return more
}

func (s *session) lookAt(server *client.Client, b *build) (ended bool, err error) {
	state, err := server.Rebuild(s.ctx, b.name)
	if s.ctx.Err() != nil {
		return true, fmt.Errorf("no longer watched, it goes on in the server; to end it: ordermill rebuild %s --cancel", b.name)
	}
	if err != nil {
		return true, err
	}
	b.state = state
	b.tell(state)
	switch {
	case state.Generation != b.begun.Generation || state.Status == "done":
		return true, nil
	case state.Status != "running":
		return true, &exitError{exitFailed, errors.New(strings.TrimSuffix(state.Status+": "+state.Error, ": "))}
	}
	return false, nil
}
