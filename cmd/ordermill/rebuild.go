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
	Cancel bool   `help:"End the rebuild or rollback that runs, instead of beginning one; the live generation stays as it is."`
}

// lookEvery is how often a rebuild's progress is asked for.
const lookEvery = 100 * time.Millisecond

// Run rebuilds, all that are asked for at once, and watches until each is live; or cancels.
func (c *rebuildCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	names, err := named(s.ctx, server, c.Name)
	if err != nil {
		return err
	}
	if !c.Cancel {
		return s.watched(server, "rebuild", names, server.StartRebuild)
	}
	var failed error
	for _, name := range names {
		err := s.cancelRebuild(server, name)
		if c.Name == "all" && isNotRunning(err) {
			err = nil // of all, those that run are meant
		}
		if err != nil {
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
	return s.watched(server, "rollback", []string{c.Name}, server.Rollback)
}

// build is a generation that is being filled, as the command line watches it.
type build struct {
	name  string
	begun v1.Rebuild
	tell  func(v1.Rebuild)
	done  func()
	ended bool
	err   error
}

// watched begins something that fills generations, for all names at once so that the server reads the log once for them, and returns
// when each has ended.
func (s *session) watched(server *client.Client, what string, names []string, begin func(context.Context, string) (v1.Rebuild, error)) error {
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
	var failed error
	for _, b := range builds {
		if b.err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s of %s: %w", what, b.name, b.err))
		}
	}
	return failed
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
	b.tell(state)
	switch {
	case state.Generation != b.begun.Generation || state.Status == "done":
		return true, nil
	case state.Status != "running":
		return true, &exitError{exitFailed, errors.New(strings.TrimSuffix(state.Status+": "+state.Error, ": "))}
	}
	return false, nil
}
