package main

import (
	"fmt"
	"io"
	"os"

	"ordermill/api/client"
)

type sendCommand struct {
	File string `arg:"" help:"File with one letter, or - for standard input." placeholder:"FILE|-"`
	Key  string `help:"Idempotency-Key: sent again with the same key, the letter is answered and not done again."`
	Wait int    `help:"Wait up to so many seconds (at most 10) until the shop has settled what follows." placeholder:"SECONDS"`
}

// maxLetter is more than the server takes: it shall say so itself.
const maxLetter = 2 << 20

// Run sends one letter and prints what became of it.
func (c *sendCommand) Run(s *session) error {
	letter, err := c.read(s)
	if err != nil {
		return err
	}
	var options []client.Option
	if c.Key != "" {
		options = append(options, client.Key(c.Key))
	}
	if c.Wait > 0 {
		options = append(options, client.Wait(c.Wait))
	}
	server := s.client()
	defer server.Close()
	answer, err := server.Send(s.ctx, letter, options...)
	if err != nil {
		return err
	}
	return s.say(answer.Body, "%s  message %s  %s", answer.Body.Status, answer.Body.MessageID, answer.Body.Result)
}

func (c *sendCommand) read(s *session) ([]byte, error) {
	from := s.In
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return nil, usage("the letter cannot be read: %w", err)
		}
		defer file.Close()
		from = file
	}
	letter, err := io.ReadAll(io.LimitReader(from, maxLetter))
	if err != nil {
		return nil, fmt.Errorf("read the letter: %w", err)
	}
	return letter, nil
}
