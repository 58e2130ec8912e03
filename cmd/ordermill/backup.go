package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"ordermill/eventstore/sqlite"
)

type backupCommand struct {
	Data string `help:"Folder of the embedded shop, which may be running." default:"./ordermill-data" type:"path" placeholder:"DIR"`
	File string `arg:"" help:"New file for the copy." type:"path" placeholder:"FILE"`
}

// backup is what --json prints.
type backup struct {
	File       string     `json:"file"`
	LogID      string     `json:"log_id"`
	Position   int64      `json:"position"`
	RecordedAt *time.Time `json:"recorded_at"` // of the event at position; null in an empty log
	Bytes      int64      `json:"bytes"`
}

// Run copies the log of a shop on SQLite, without its server: what runs goes on.
func (c *backupCommand) Run(s *session) error {
	made, err := sqlite.Backup(s.ctx, c.Data, c.File)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w; a backup is never written over another, name a new file", err)
	case err != nil:
		return err
	}
	b := backup{File: c.File, LogID: made.LogID.String(), Position: made.Position, Bytes: made.Bytes}
	if !made.RecordedAt.IsZero() {
		b.RecordedAt = &made.RecordedAt
	}
	return s.say(b, "%s: %d bytes, the log up to position %d (%s)", b.File, b.Bytes, b.Position, clock(b.RecordedAt))
}
