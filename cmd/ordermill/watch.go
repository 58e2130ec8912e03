package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"ordermill/api/v1"
)

// tellEvery is how often progress is told where no bar can move.
const tellEvery = time.Second

// watch returns what tells of a rebuild's progress: lines, and where a person looks on a bar below them instead of a line now and
// then. What it stumbles over is a line of its own, whole, and once.
func (s *session) watch(name string) (tell func(v1.Rebuild), done func()) {
	move, line, done := s.lines(name)
	if s.interactive() {
		move, line, done = s.bar(name)
	}
	return s.telling(name, move, line), done
}

func (s *session) telling(name string, move func(v1.Rebuild), line func(string, ...any)) func(v1.Rebuild) {
	stumbled := ""
	return func(r v1.Rebuild) {
		if r.Status == "running" && r.Error != "" && r.Error != stumbled && !s.json {
			line("%s: it stumbled, and goes on: %s", name, r.Error)
		}
		stumbled = r.Error
		move(r)
	}
}

// lines tells progress a line at a time.
func (s *session) lines(name string) (move func(v1.Rebuild), line func(string, ...any), done func()) {
	var told time.Time
	return func(r v1.Rebuild) {
		if r.Status == "running" && time.Since(told) < tellEvery {
			return
		}
		told = time.Now()
		_ = s.say(r, "%s: %s", name, standing(r)) // nobody reads: nothing to tell
	}, func(format string, args ...any) { _ = s.note(format, args...) }, func() {}
}

// bar tells progress by a bar, and how it ended by a line. A line while the bar is there goes above it.
func (s *session) bar(name string) (move func(v1.Rebuild), line func(string, ...any), done func()) {
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(s.Err), progressbar.OptionSetDescription(name),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false))
	line = func(format string, args ...any) {
		_ = bar.Clear() // a bar that cannot be drawn is no reason to stop
		_ = s.note(format, args...)
	}
	return func(r v1.Rebuild) {
		if r.Status != "running" {
			line("%s: %s", name, standing(r))
			return
		}
		bar.Describe(strings.TrimSuffix(name+" "+pace(r), " "))
		bar.ChangeMax64(max(r.EventsTotal, 1))
		_ = bar.Set64(min(r.EventsDone, max(r.EventsTotal, 1)))
	}, line, func() { _ = bar.Clear() }
}

// standing is a rebuild in one line.
func standing(r v1.Rebuild) string {
	text := fmt.Sprintf("%s, generation %d, %d of %d events", r.Status, r.Generation, r.EventsDone, r.EventsTotal)
	if p := pace(r); p != "" {
		text += ", " + p
	}
	if r.StartedAt != nil && r.FinishedAt != nil {
		text += fmt.Sprintf(" in %s", r.FinishedAt.Sub(*r.StartedAt).Round(100*time.Millisecond))
	}
	return text
}

// pace is how fast it goes and how long it takes; empty while that is not known.
func pace(r v1.Rebuild) string {
	if r.Status != "running" || r.EventsPerSecond == 0 {
		return ""
	}
	text := fmt.Sprintf("%d events/s", r.EventsPerSecond)
	if r.ETASeconds != nil {
		text += fmt.Sprintf(", %s left", time.Duration(*r.ETASeconds)*time.Second)
	}
	return text
}
