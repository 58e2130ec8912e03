package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
)

// meaning is what the comments say about an event, and its sample.
type meaning struct {
	Meaning string            `json:"meaning"`
	Members map[string]string `json:"members,omitempty"`
	Sample  json.RawMessage   `json:"sample"`
}

// meanings is the catalogue of events, for the document that describes them to programs: by name.
func meanings(root fs.FS) ([]byte, error) {
	streams, err := readEvents(root)
	if err != nil {
		return nil, err
	}
	all := map[string]meaning{}
	for _, s := range streams {
		for _, e := range s.Events {
			m := meaning{Meaning: e.Meaning, Sample: json.RawMessage(e.Sample)}
			for _, of := range e.Members {
				if m.Members == nil {
					m.Members = map[string]string{}
				}
				m.Members[of.Name] = of.Meaning
			}
			all[e.Name] = m
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	err = encoder.Encode(all)
	return text.Bytes(), err
}
