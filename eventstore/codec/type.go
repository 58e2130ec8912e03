package codec

import (
	"encoding/json"

	"ordermill/domain/decider"
)

// Type is a kind of event: how it stands in the log, and how it did before. A row of the table starts with of, and every change
// since then is a call after it, in order; docs/evolution.md tells when to use which.
type Type struct {
	Name     string        // of the newest version
	Version  int           // schema version that this program writes, from 1; 0 if it only reads the event
	Reads    int           // newest schema version that this program reads: Version, or one that the next release will write
	Category string        // of the streams it stands in
	Sample   decider.Event // its zero value

	shapes []shape // of version 1, 2, ...
	down   Change  // from version Reads to Version; nil if they are the same or need no change
	decode func(data []byte) (decider.Event, error)
}

// shape is one schema version.
type shape struct {
	name string // as the log has it
	up   Change // makes it of the version before; nil if nothing is to be done
}

// Change turns an event's members into those of another version, in place. It is pure: the same members give the same.
type Change func(members map[string]json.RawMessage) error

// of makes the row of an event at version 1.
func of[E decider.Event](category string) Type {
	var zero E
	return Type{
		Name: zero.EventType(), Version: 1, Reads: 1, Category: category, Sample: zero, shapes: []shape{{name: zero.EventType()}},
		decode: func(data []byte) (decider.Event, error) {
			var event E
			err := strict(data, &event)
			return event, err
		},
	}
}

// formerly says under which name the versions so far stand in the log, but for those that had yet another name before. The next call
// makes the version that has the new name.
func (t Type) formerly(name string) Type {
	shapes := append([]shape(nil), t.shapes...)
	for i := range shapes {
		if shapes[i].name == t.Name {
			shapes[i].name = name
		}
	}
	t.shapes = shapes
	return t
}

// then adds the next version, which up makes of the one before; nil if only the name is another.
func (t Type) then(up Change) Type {
	t.shapes = append(append([]shape(nil), t.shapes...), shape{t.Name, up})
	t.Reads++
	t.Version = t.Reads
	return t
}

// writing lets this program write the version before the newest for one more release, while programs are about that cannot read the
// newest; down makes the one of the other.
func (t Type) writing(version int, down Change) Type {
	t.Version, t.down = version, down
	return t
}

// unwritten is for an event that this program only reads: the next release will write it, or none writes it any more.
func (t Type) unwritten() Type {
	t.Version = 0
	return t
}
