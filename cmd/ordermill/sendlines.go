package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"ordermill/api/client"
)

// One request carries at most so many lines and bytes: what the server takes. They stay as they are: with a key, the same
// file sent again must fall into the same requests.
const (
	linesPerRequest = 1000
	bytesPerRequest = 1 << 20
)

// parcel is the letters of one request, and what became of all of them so far.
type parcel struct {
	first, lines     int // number of its first line in the file, from 1; how many lines it holds
	body             []byte
	letters, refused int
}

// sendLines sends letters, one a line, in as many requests as they need, and prints what became of each. A key stands for
// the whole file: each request has it together with the number of its first line.
func (c *sendCommand) sendLines(s *session, server *client.Client, from io.Reader) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLetter)
	p := parcel{first: 1}
	for lines.Scan() {
		if p.lines == linesPerRequest || p.lines > 0 && len(p.body)+len(lines.Bytes()) >= bytesPerRequest {
			if err := c.sendParcel(s, server, &p); err != nil {
				return err
			}
		}
		p.body = append(append(p.body, lines.Bytes()...), '\n')
		p.lines++
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read line %d: %w", p.first+p.lines, err)
	}
	if err := c.sendParcel(s, server, &p); err != nil {
		return err
	}
	switch {
	case p.letters == 0:
		return usage("no line holds a letter")
	case p.refused > 0:
		return &exitError{exitRefused, fmt.Errorf("%d of %d letters were refused", p.refused, p.letters)}
	}
	return nil
}

// sendParcel sends what is in the parcel, if anything, and empties it.
func (c *sendCommand) sendParcel(s *session, server *client.Client, p *parcel) error {
	if len(bytes.TrimSpace(p.body)) > 0 {
		key := c.Key
		if key != "" {
			key = fmt.Sprintf("%s-%d", key, p.first)
		}
		answer, err := server.SendLines(s.ctx, p.body, c.options(key)...)
		if err != nil {
			return fmt.Errorf("the letters from line %d on: %w", p.first, err)
		}
		for _, item := range answer.Body.Items {
			item.Line += p.first - 1
			p.letters++
			became := "message " + item.MessageID + "  " + string(item.Result)
			if item.Problem != nil {
				p.refused++
				became = explain(item.Problem, s.addr)
			}
			if err := s.say(item, "line %d  %s  %s", item.Line, item.Status, became); err != nil {
				return err
			}
		}
	}
	p.first, p.lines, p.body = p.first+p.lines, 0, p.body[:0]
	return nil
}
