package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"io/fs"
	"reflect"
	"regexp"
	"strings"
	"text/template"

	"ordermill/eventstore/codec"
)

//go:embed events.tmpl
var eventsTemplate string

// stream is a kind of stream and the events that can stand in it.
type stream struct {
	Name   string // order-{order_id}
	Events []event
}

type event struct {
	Name, Meaning, Sample string
	Members               []member // those that say more than their names
}

type member struct{ Name, Meaning string }

// events is the catalogue of events, for people.
func events(root fs.FS) ([]byte, error) {
	streams, err := readEvents(root)
	if err != nil {
		return nil, err
	}
	return filled(eventsTemplate, streams)
}

// readEvents is every kind of event, by stream.
func readEvents(root fs.FS) ([]stream, error) {
	packages := map[string]*source{}
	var streams []stream
	for i, kind := range codec.Types() {
		of := reflect.TypeOf(kind.Sample)
		folder := strings.TrimPrefix(of.PkgPath(), "ordermill/")
		if packages[folder] == nil {
			read, err := readSource(root, folder)
			if err != nil {
				return nil, err
			}
			packages[folder] = read
		}
		if i == 0 || codec.Types()[i-1].Category != kind.Category {
			name, err := packages[folder].stream(kind.Category)
			if err != nil {
				return nil, err
			}
			streams = append(streams, stream{Name: name})
		}
		e, err := packages[folder].event(of.Name(), kind.Name)
		if err != nil {
			return nil, err
		}
		sample, err := fs.ReadFile(root, fmt.Sprintf("eventstore/codec/testdata/%s.v%d.json", kind.Name, kind.Reads))
		if err != nil {
			return nil, err
		}
		e.Sample = string(bytes.TrimSpace(sample))
		last := &streams[len(streams)-1]
		last.Events = append(last.Events, e)
	}
	return streams, nil
}

func filled(text string, with any) ([]byte, error) {
	page, err := template.New("").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, with)
	return b.Bytes(), err
}

// event is what the comments say about an event's struct and its members.
func (s *source) event(goName, name string) (event, error) {
	spec, comment := s.types[goName], s.comments[goName]
	meaning, ok := strings.CutPrefix(comment, goName+": ")
	if spec == nil || !ok {
		return event{}, fmt.Errorf("the comment of %s must be %q and what it says", goName, goName+": ")
	}
	e := event{Name: name, Meaning: strings.TrimSuffix(meaning, ".")}
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return event{}, fmt.Errorf("%s is no struct", goName)
	}
	for _, field := range fields.Fields.List {
		if field.Comment == nil || field.Tag == nil {
			continue
		}
		tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
		jsonName, _, _ := strings.Cut(tag, ",")
		e.Members = append(e.Members, member{jsonName, oneLine(field.Comment)})
	}
	return e, nil
}

// stream finds how the comment of a category's constant writes its streams.
func (s *source) stream(category string) (string, error) {
	written := regexp.MustCompile(`\b` + category + `-\{[^}]+\}`)
	for name, comment := range s.comments {
		if found := written.FindString(comment); found != "" && strings.HasSuffix(name, "Category") {
			return found, nil
		}
	}
	return "", fmt.Errorf("no constant ...Category says what the streams %s-{...} are of", category)
}
