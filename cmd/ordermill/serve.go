package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/signal"
	"syscall"
	"time"

	"ordermill/internal/program"
)

// drainAtMost is how long a process that was told to stop finishes what it has begun, once it takes nothing new.
const drainAtMost = 10 * time.Second

// drainLongest bounds --drain: a longer one is a mistake in its unit.
const drainLongest = 5 * time.Minute

// keepShortest and keepLongest bound --keep-generations: queries that have begun must end, and disks are finite.
const (
	keepShortest = time.Minute
	keepLongest  = 30 * 24 * time.Hour
)

type devCommand struct {
	Data   string `help:"Folder for the data; made if it is missing." default:"./ordermill-data" type:"path" placeholder:"DIR"`
	Memory bool   `help:"Keep the data in a temporary folder, removed at exit."`
}

// Run starts the embedded shop. It listens on loopback only: there is no authentication.
func (c *devCommand) Run(s *session) error {
	if err := loopback(s.addr); err != nil {
		return err
	}
	return s.serve(program.Config{Addr: s.addr, Data: c.Data, Memory: c.Memory, Demo: true, Migrate: true}, s.greet)
}

// greet tells who has just started the shop what to do with it.
func (s *session) greet(url string) {
	fmt.Fprintf(s.Out, `Ordermill listens on %[1]s
Documentation: %[1]s/docs

Place an order, and pay for it:

  curl -X POST %[1]s/v1/messages -H 'Content-Type: application/json' -d '{"event_type":"order.created","payload":{"order_id":"123","items":[{"name":"Teddy Bear","quantity":1}]}}'
  curl -X POST %[1]s/v1/messages -H 'Content-Type: application/json' -d '{"event_type":"payment.completed","payload":{"order_id":"123","amount":29.99}}'

Then look: curl %[1]s/v1/orders/123

Ctrl-C stops it.
`, url)
}

type serveCommand struct {
	Store     string        `help:"The database: postgres://... or sqlite://FOLDER." required:"" placeholder:"URL" env:"ORDERMILL_STORE"`
	ReadStore string        `help:"Another database for the read models, postgres://...; without it they are in the store." placeholder:"URL" env:"ORDERMILL_READ_STORE"`
	Name      string        `help:"The shop's name in the database: another tenant is another name." default:"ordermill" placeholder:"NAME"`
	AMQP      string        `name:"amqp" help:"Publish to, and take letters from, RabbitMQ." placeholder:"URL" env:"ORDERMILL_AMQP"`
	Redis     string        `help:"Publish to, and take letters from, Redis Streams." placeholder:"URL" env:"ORDERMILL_REDIS"`
	Roles     []string      `help:"This copy's share of the work, one or more of api, relay, projector, worker. A share that no copy takes is not done." default:"api,relay,projector,worker" placeholder:"ROLE"`
	Drain     time.Duration `help:"How long to go on serving after SIGTERM while /readyz says 503 already, so that a load balancer notices." default:"0s" placeholder:"DURATION"`
	Keep      time.Duration `name:"keep-generations" help:"How long the generation of a read model that was live before a rebuild is kept, on disk, so that rollback can go back to it." default:"24h" placeholder:"DURATION"`
	Insecure  bool          `help:"Serve without authentication: everybody who reaches the address may do everything."`
	Migrate   bool          `help:"Bring the database to the version of this program first."`
	Demo      bool          `help:"Seed the demo catalogue into an empty log."`
}

// Run starts one copy of the shop on a database of its own. Authentication is checked first.
func (c *serveCommand) Run(s *session) error {
	if !c.Insecure {
		return usage("there is no authentication yet, so whoever reaches %s could do everything; "+
			"serve starts only with --insecure, behind something that keeps others out", s.addr)
	}
	if c.Store == "" { // of an empty variable, say: no data folder is meant by that
		return usage("--store is empty: the store must be postgres://... or sqlite://FOLDER")
	}
	roles, err := program.ParseRoles(c.Roles)
	if err != nil {
		return usage("--roles: %w", err)
	}
	if c.Drain < 0 || c.Drain > drainLongest {
		return usage("--drain must be 0s to %s", drainLongest)
	}
	if c.Keep < keepShortest || c.Keep > keepLongest {
		return usage("--keep-generations must be %s to %s", keepShortest, keepLongest)
	}
	return s.serve(program.Config{
		Addr: s.addr, Store: c.Store, ReadStore: c.ReadStore, Name: c.Name, AMQP: c.AMQP, Redis: c.Redis,
		Migrate: c.Migrate, Demo: c.Demo, Roles: roles, Drain: c.Drain, Keep: c.Keep,
	}, func(url string) { fmt.Fprintf(s.Out, "Ordermill listens on %s\n", url) })
}

// serve runs the program until it fails or the session's context ends, then drains it.
func (s *session) serve(config program.Config, started func(url string)) error {
	signal.Ignore(syscall.SIGPIPE) // a server outlives whoever reads what it prints, such as head
	config.Log = s.logger()
	p, err := program.Start(s.ctx, config)
	if err != nil {
		return err
	}
	if s.json {
		s.print(struct {
			URL string `json:"url"`
		}{p.URL()})
	} else {
		started(p.URL())
	}
	failed := make(chan error, 1)
	go func() { failed <- p.Wait() }()
	var cause error
	select {
	case cause = <-failed:
	case <-s.ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), config.Drain+drainAtMost)
	defer cancel()
	return errors.Join(cause, p.Stop(drain))
}

func (s *session) logger() *slog.Logger {
	if s.json {
		return slog.New(slog.NewJSONHandler(s.Err, nil))
	}
	return slog.New(slog.NewTextHandler(s.Err, nil))
}

// loopback refuses an address that others could reach.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return usage("--addr %q is not HOST:PORT: %w", addr, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return usage("dev has no authentication and listens on this machine only: --addr must be 127.0.0.1, [::1] or localhost with a port, not %q", addr)
}

type migrateCommand struct {
	Store     string `help:"The database: postgres://... or sqlite://FOLDER." required:"" placeholder:"URL" env:"ORDERMILL_STORE"`
	ReadStore string `help:"The read models' own database, if they have one: postgres://..." placeholder:"URL" env:"ORDERMILL_READ_STORE"`
	Name      string `help:"The shop's name in the database." default:"ordermill" placeholder:"NAME"`
	Role      string `help:"Postgres: the role that the service runs as; it gets what it needs and no more." placeholder:"ROLE"`
}

// Run migrates.
func (c *migrateCommand) Run(s *session) error {
	if err := program.Migrate(s.ctx, program.Migration{Store: c.Store, ReadStore: c.ReadStore, Name: c.Name, Role: c.Role}); err != nil {
		return err
	}
	return s.say(map[string]string{"status": "migrated"}, "The database is at the version of this program.")
}
