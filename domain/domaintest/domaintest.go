package domaintest

import (
	"encoding/json"
	"errors"
	"reflect"

	"ordermill/domain/decider"
)

// T is what is needed of a *testing.T, or of a property test's.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Case is a stream with a history.
type Case[S, C any, E decider.Event] struct {
	t       T
	decider decider.Decider[S, C, E]
	state   S
}

// Given starts a case with what happened before.
func Given[S, C any, E decider.Event](t T, d decider.Decider[S, C, E], history ...E) Case[S, C, E] {
	t.Helper()
	return Case[S, C, E]{t, d, d.Fold(d.Initial(), history...)}
}

// Decided is what came of a command.
type Decided[S, C any, E decider.Event] struct {
	Case[S, C, E]
	events []E
	err    error
}

// When decides a command.
func (c Case[S, C, E]) When(command C) Decided[S, C, E] {
	c.t.Helper()
	before := JSON(c.t, c.state)
	events, err := c.decider.Decide(c.state, command)
	again, errAgain := c.decider.Decide(c.state, command)
	if !reflect.DeepEqual(events, again) || !reflect.DeepEqual(err, errAgain) {
		c.t.Errorf("deciding twice differs: %s, then %s", JSON(c.t, events), JSON(c.t, again))
	}
	if after := JSON(c.t, c.state); after != before {
		c.t.Errorf("deciding changed the state from %s to %s", before, after)
	}
	return Decided[S, C, E]{c, events, err}
}

// Then wants exactly these events; none: the command was nothing new. It returns the state that they lead to.
func (d Decided[S, C, E]) Then(want ...E) S {
	d.t.Helper()
	if d.err != nil {
		d.t.Fatalf("refused: %v", d.err)
	}
	if got, want := Told(d.t, d.events), Told(d.t, want); got != want {
		d.t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	state := d.decider.Fold(d.state, d.events...)
	written := JSON(d.t, state)
	var read S
	if err := json.Unmarshal([]byte(written), &read); err != nil {
		d.t.Fatalf("the state cannot be read back: %v", err)
	}
	if back := JSON(d.t, read); back != written {
		d.t.Errorf("the state is %s, read back %s", written, back)
	}
	return state
}

// ThenRefused wants a refusal with this code, and no events.
func (d Decided[S, C, E]) ThenRefused(code string) {
	d.t.Helper()
	var refusal *decider.Refusal
	switch {
	case !errors.As(d.err, &refusal):
		d.t.Fatalf("got %v and %s, want the refusal %s", d.err, JSON(d.t, d.events), code)
	case refusal.Code != code:
		d.t.Fatalf("refused with %v, want %s", refusal, code)
	case len(d.events) > 0:
		d.t.Fatalf("refused, and yet %s", JSON(d.t, d.events))
	}
}

// Told tells events with their names, one a line.
func Told[E decider.Event](t T, events []E) (told string) {
	t.Helper()
	for _, e := range events {
		told += e.EventType() + " " + JSON(t, e) + "\n"
	}
	return told
}

// JSON writes a value that can surely be written.
func JSON(t T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("write %T: %v", value, err)
	}
	return string(text)
}
