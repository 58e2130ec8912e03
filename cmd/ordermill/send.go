package main

import (
	"fmt"
	"io"
	"os"

	"ordermill/api/client"
)

type sendCommand struct {
	File  string `arg:"" help:"File with one letter, or - for standard input." placeholder:"FILE|-"`
	Lines bool   `help:"The file holds many letters, one a line (NDJSON). A refused one is told and does not stop the others."`
	Key   string `help:"Idempotency-Key: sent again with the same key, the letter is answered and not done again."`
	Wait  int    `help:"Wait up to so many seconds (at most 10) until the shop has settled what follows." placeholder:"SECONDS"`
}

// maxLetter is more than the server takes: it shall say so itself.
const maxLetter = 2 << 20

// Run sends one letter, or many, and prints what became of them.
func (c *sendCommand) Run(s *session) error {
	from := s.In
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return usage("the letter cannot be read: %w", err)
		}
		defer file.Close()
		from = file
	}
	server := s.client()
	defer server.Close()
	if c.Lines {
		return c.sendLines(s, server, from)
	}
	letter, err := io.ReadAll(io.LimitReader(from, maxLetter))
	if err != nil {
		return fmt.Errorf("read the letter: %w", err)
	}
	answer, err := server.Send(s.ctx, letter, c.options(c.Key)...)
	if err != nil {
		return err
	}
	return s.say(answer.Body, "%s  message %s  %s", answer.Body.Status, answer.Body.MessageID, answer.Body.Result)
}

func (c *sendCommand) options(key string) (options []client.Option) {
	if key != "" {
		options = append(options, client.Key(key))
	}
	if c.Wait > 0 {
		options = append(options, client.Wait(c.Wait))
	}
	return options
}
