package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"ordermill/api/client"
	"ordermill/api/v1"
)

type rebuildCommand struct {
	Name string `arg:"" help:"Read model, or all." placeholder:"NAME|all"`
}

// lookEvery is how often a rebuild's progress is asked for.
const lookEvery = 100 * time.Millisecond

// tellEvery is how often it is told where no bar can move.
const tellEvery = time.Second

// Run rebuilds, one read model after another, and watches until each is live.
func (c *rebuildCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	names, err := named(s.ctx, server, c.Name)
	if err != nil {
		return err
	}
	var failed error
	for _, name := range names {
		if err := s.rebuild(server, name); err != nil {
			failed = errors.Join(failed, fmt.Errorf("rebuild of %s: %w", name, err))
		}
	}
	return failed
}

func (s *session) rebuild(server *client.Client, name string) error {
	begun, err := server.StartRebuild(s.ctx, name)
	if err != nil {
		return err
	}
	tell, done := s.watch(name)
	defer done()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		state, err := server.Rebuild(s.ctx, name)
		if err != nil {
			return err
		}
		tell(state)
		switch {
		case state.Generation > begun.Generation || state.Status == "done":
			return nil
		case state.Status != "running":
			return &exitError{exitFailed, fmt.Errorf("%s: %s", state.Status, state.Error)}
		}
		select {
		case <-s.ctx.Done():
			return errors.New("not watched to its end; it goes on in the server")
		case <-look.C:
		}
	}
}

// watch returns what tells of a rebuild's progress: a bar where a person looks on, else a line now and then.
func (s *session) watch(name string) (tell func(v1.Rebuild), done func()) {
	if s.interactive() {
		bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(s.Err), progressbar.OptionSetDescription(name),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionOnCompletion(func() { fmt.Fprintln(s.Err) }))
		return func(r v1.Rebuild) {
			bar.ChangeMax64(max(r.EventsTotal, 1))
			_ = bar.Set64(r.EventsDone) // a bar that cannot be drawn is no reason to stop
			if r.Status == "done" {
				_ = bar.Finish()
			}
		}, func() { _ = bar.Exit() }
	}
	var told time.Time
	return func(r v1.Rebuild) {
		if r.Status == "running" && time.Since(told) < tellEvery {
			return
		}
		told = time.Now()
		_ = s.say(r, "%s: %s, generation %d, %d of %d events", name, r.Status, r.Generation, r.EventsDone, r.EventsTotal)
	}, func() {}
}
