package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/eventstore"
)

// Exit codes. Scripts rely on them: add, never change.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 3
	exitNotFound    = 4
	exitUnavailable = 5
	exitDiffers     = 6
)

// exitMeanings says what each exit code means, for --help and docs/configuration.md.
var exitMeanings = [...]string{
	exitOK:          "done",
	exitFailed:      "failed, and trying again does not mend it",
	exitUsage:       "wrong usage",
	exitRefused:     "refused by the server",
	exitNotFound:    "not found",
	exitUnavailable: "not reachable, not ready, or its store is away: try again",
	exitDiffers:     "verify found a read model that is not what the log says",
}

// description is what --help begins with.
func description() string {
	codes := make([]string, len(exitMeanings))
	for code, meaning := range exitMeanings {
		codes[code] = fmt.Sprintf("%d %s", code, meaning)
	}
	return `The order desk behind a shop: commands go in, every fact stays in one append-only log, read models come out.

Exit codes: ` + strings.Join(codes, "; ") + "."
}

// cli is the whole command line.
type cli struct {
	Addr string `help:"Where the server listens, or where a client finds it." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	JSON bool   `help:"Print JSON, one value a line, instead of text for people."`

	Dev         devCommand         `cmd:"" help:"Run embedded on this machine: SQLite, demo catalogue, no authentication, loopback only."`
	Serve       serveCommand       `cmd:"" help:"Run on a database of its own, with or without brokers; several copies may share one."`
	Migrate     migrateCommand     `cmd:"" help:"Bring a database to the version of this program."`
	Backup      backupCommand      `cmd:"" help:"Copy the log of a shop on SQLite to a file, while the shop runs."`
	Export      exportCommand      `cmd:"" help:"Write a whole shop to a file, to move it to another database."`
	Import      importCommand      `cmd:"" help:"Bring such a file into an empty database, or into one that holds the beginning of the same log."`
	Send        sendCommand        `cmd:"" help:"Send a letter, such as order.created or payment.completed."`
	Orders      ordersCommand      `cmd:"" help:"Look at orders."`
	Events      eventsCommand      `cmd:"" help:"Look at the log."`
	Rebuild     rebuildCommand     `cmd:"" help:"Build a read model, or all, anew from the log."`
	Rollback    rollbackCommand    `cmd:"" help:"Go back to the generation of a read model that was live before; once more goes forward again."`
	Verify      verifyCommand      `cmd:"" help:"Compare a read model, or all, with the log."`
	Projections projectionsCommand `cmd:"" help:"See how far the read models are."`
	Consumers   consumersCommand   `cmd:"" help:"See who reads the log, how far, and who runs it."`
	Relays      relaysCommand      `cmd:"" help:"See how far the log is published on each transport."`
	Parked      parkedCommand      `cmd:"" help:"See what consumers could not handle, and retry it."`
	Demo        demoCommand        `cmd:"" help:"Tell twenty stories that show what can happen to an order, or make load."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// terminal is where a command reads and writes.
type terminal struct {
	In       io.Reader
	Out, Err io.Writer
}

// session is what every command gets to do its work.
type session struct {
	terminal
	ctx  context.Context
	addr string
	json bool
}

// client talks to the server at --addr.
func (s *session) client() *client.Client {
	return client.New((&url.URL{Scheme: "http", Host: s.addr}).String())
}

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage is a command line that says something it must not.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// newParser makes the command line of its structs.
func newParser(c *cli, options ...kong.Option) *kong.Kong {
	parser, err := kong.New(c, append(options, kong.Name("ordermill"), kong.Description(description()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))...)
	if err != nil {
		panic(err) // the structs above are wrong
	}
	return parser
}

// run is the program without its process: it returns the exit code.
func run(ctx context.Context, args []string, t terminal) int {
	var c cli
	exited := -1 // what kong itself wants to end with, after --help
	parser := newParser(&c, kong.Writers(t.Out, t.Err), kong.Exit(func(code int) { exited = max(exited, code) }))
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err == nil {
		s := &session{terminal: t, ctx: ctx, addr: c.Addr, json: c.JSON}
		err = parsed.Run(s)
	} else {
		err = &exitError{exitUsage, fmt.Errorf("%w (ordermill --help tells more)", err)}
	}
	if err != nil {
		fmt.Fprintln(t.Err, "ordermill:", explain(err, c.Addr))
	}
	return exitCode(err)
}

// exitCode is the one table from errors to exit codes.
func exitCode(err error) int {
	var coded *exitError
	var problem *v1.Problem
	var network *net.OpError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &problem):
		switch {
		case problem.Retryable:
			return exitUnavailable
		case problem.Status == 404:
			return exitNotFound
		case problem.Status < 500:
			return exitRefused
		}
	case errors.As(err, &network) && network.Op != "listen":
		return exitUnavailable
	}
	return exitFailed
}

// explain is an error as people read it.
func explain(err error, addr string) string {
	var problem *v1.Problem
	var network *net.OpError
	switch {
	case errors.As(err, &problem):
		text := fmt.Sprintf("%s (%s)", problem.Error(), problem.Code)
		for _, e := range problem.Errors {
			text += fmt.Sprintf("\n  %s: %s", cmp.Or(e.Pointer, e.Parameter, "body"), e.Detail)
		}
		return text
	case errors.As(err, &network) && network.Op == "dial" && !errors.Is(err, eventstore.ErrUnavailable):
		return fmt.Sprintf("no server answers at %s (%v); start one with: ordermill dev", addr, network.Err)
	case errors.As(err, &network) && network.Op == "listen" && errors.Is(err, syscall.EADDRINUSE):
		return err.Error() + "; name another with --addr HOST:PORT"
	}
	return err.Error()
}
