package program

import (
	"log/slog"
	"time"

	"ordermill/app"
	"ordermill/app/manual"
	"ordermill/app/simulator"
	"ordermill/projections"
)

// Config says what to run. The zero value of a field is its default.
type Config struct {
	Addr string // where to listen, HOST:PORT; port 0 picks a free one

	// Where the log is: a data folder (embedded), a temporary folder (Memory), or Store, postgres://... or sqlite://FOLDER.
	Data   string
	Memory bool
	Store  string
	Name   string // of the shop: prefix of its schemas, exchanges, queues and streams; default ordermill

	// ReadStore is another postgres:// database for the read models, beside a Store on Postgres; "": they lie in Store.
	ReadStore string

	AMQP, Redis string // brokers' URLs; none: an embedded shop uses the in-process bus

	Roles []Role // this copy's share of the work; default AllRoles, and an embedded shop has no other choice
	// Drain is how long Stop goes on serving requests while /readyz already refuses, so that whoever spreads them notices;
	// default 0.
	Drain time.Duration

	// Keep is how long the generation of a read model that was live before a rebuild is kept; default projections.KeptFor.
	Keep time.Duration

	Migrate bool // bring the store to this program's version first; embedded shops always do
	Demo    bool // seed the demo catalogue into an empty log, and simulate payments of orders whose id carries a rule

	Currency string     // of the store, ISO 4217; default USD
	Timing   app.Timing // default app.DefaultTiming
	Log      *slog.Logger

	// Now is the clock of decisions and of recorded_at, time.Now unless a test moves it. Leases and due timers go by the
	// database's clock.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Currency == "" {
		c.Currency = "USD"
	}
	if c.Timing == (app.Timing{}) {
		c.Timing = app.DefaultTiming
	}
	if len(c.Roles) == 0 {
		c.Roles = AllRoles
	}
	if c.Keep == 0 {
		c.Keep = projections.KeptFor
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:8080"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// provider is who takes the customers' money.
func (c Config) provider() app.Provider {
	if c.Demo {
		return simulator.Provider{}
	}
	return manual.Provider{}
}
