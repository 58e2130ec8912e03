package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"ordermill/internal/newfile"
	"ordermill/internal/program"
	"ordermill/internal/transfer"
)

// place is where a shop lies, for commands that work on the database itself.
type place struct {
	Store string `help:"The database: postgres://... or sqlite://FOLDER. Name this, or --data." placeholder:"URL" env:"ORDERMILL_STORE"`
	Data  string `help:"The data folder of an embedded shop." type:"path" placeholder:"DIR"`
	Name  string `help:"The shop's name in the database." default:"ordermill" placeholder:"NAME"`
}

// config demands one of both; a folder that is named goes before a database that only the environment names.
func (p place) config() (program.Config, error) {
	switch named := p.Store != os.Getenv("ORDERMILL_STORE"); {
	case p.Store == "" && p.Data == "":
		return program.Config{}, usage("where is the shop? Name a database with --store, or a folder with --data")
	case p.Data != "" && named:
		return program.Config{}, usage("--store and --data are two shops: name one")
	case p.Data != "":
		p.Store = ""
	}
	return program.Config{Store: p.Store, Data: p.Data, Name: p.Name}, nil
}

type exportCommand struct {
	place `embed:""`
	File  string `arg:"" optional:"" default:"-" help:"New file to write, or - for standard output." placeholder:"FILE|-"`
}

// Run exports. A file appears under its name when it is complete; it holds personal data, so it is its owner's alone.
func (c *exportCommand) Run(s *session) error {
	shop, err := c.config()
	if err != nil {
		return err
	}
	if c.File == "-" {
		summary, err := program.Export(s.ctx, shop, s.Out)
		if err != nil {
			return err
		}
		return s.note("%s", moved("exported", summary))
	}
	var summary transfer.Summary
	err = newfile.Make(c.File, func(partial string) error {
		file, err := os.OpenFile(partial, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		summary, err = program.Export(s.ctx, shop, file)
		return errors.Join(err, file.Close())
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w; an export is never written over another file, name a new one", err)
	case err != nil:
		return err
	}
	return s.say(summary, "%s", moved("exported", summary))
}

type importCommand struct {
	place `embed:""`
	File  string `arg:"" optional:"" default:"-" help:"File that export wrote, or - for standard input." placeholder:"FILE|-"`
}

// Run imports.
func (c *importCommand) Run(s *session) error {
	shop, err := c.config()
	if err != nil {
		return err
	}
	var from io.Reader = s.In
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
	}
	summary, err := program.Import(s.ctx, shop, from)
	if err != nil {
		return err
	}
	return s.say(summary, "%s", moved("imported", summary))
}

// moved is what was done, for people.
func moved(done string, s transfer.Summary) string {
	return fmt.Sprintf("%s log %s: %d events, %d receipts, %d checkpoints, %d parked keys, %d refused letters, %d mails, %d contacts, %d keys",
		done, s.LogID, s.Counts["events"], s.Counts["receipts"], s.Counts["consumers"], s.Counts["parked"], s.Counts["inbox"],
		s.Counts["mailbox"], s.Counts["contacts"], s.Counts["keys"])
}
