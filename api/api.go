package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"ordermill/api/v1"
	"ordermill/projections"
	"ordermill/projections/cases"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
)

// Config is what the REST surface stands on. Everything is needed but Mailbox.
type Config struct {
	Desk       Desk
	Events     Log
	Orders     Rows[orders.Row]
	Payments   Rows[payments.Row]
	Inventory  Rows[inventory.Row]
	Products   Rows[products.Row]
	Cases      Rows[cases.Row]
	Finder     Finder
	ReadModels projections.Set
	History    History
	Messages   Messages
	Mailbox    Mailbox // nil: mail is really sent, and /v1/mailbox is not there
	Consumers  Consumers
	Transports []string // the names of those that are configured
	// Beyond tells from which position to which a transport holds events that the log has not; 0 and 0: none, or it keeps nothing.
	Beyond   func(ctx context.Context, transport string) (first, last int64, err error)
	Ready    func(context.Context) error // nil: migrated, seeded, every read model has reached the head of the start, and the store can be read
	AsyncAPI []byte                      // the document that /asyncapi.json shows
	// OperationsOnly refuses everything under /v1: this copy does other work. Its health and the documentation are there.
	OperationsOnly bool
	Version        string // of the program
	Log            *slog.Logger
}

// API answers the REST contract over HTTP.
type API struct {
	Config
	engine    *gin.Engine
	huma      huma.API
	schemas   huma.Registry
	validator validator
	lists     map[string]string // paths of the lists that can be read as of then, by read model
	stopping  context.Context   // ends when the server begins to shut down: event streams end with it
	stop      context.CancelFunc
}

// New builds the REST surface. It starts nothing.
func New(config Config) *API {
	a := &API{Config: config, engine: newEngine(), lists: map[string]string{}}
	a.stopping, a.stop = context.WithCancel(context.Background())
	a.engine.Use(a.recovered)
	if config.OperationsOnly {
		a.engine.Use(notServedHere)
	}
	a.engine.NoRoute(func(c *gin.Context) { fail(v1.NotFound, "this path is not known; /docs lists those that are").write(c) })
	a.engine.NoMethod(func(c *gin.Context) {
		fail(v1.MethodNotAllowed, "this path does not know this method; Allow names those that it knows").write(c)
	})

	settings := huma.DefaultConfig("Ordermill", config.Version)
	settings.Info.Description = "The order desk behind a shop: commands go in, every fact stays in one append-only log, read models come out." +
		"\n\nWhat travels over the brokers, events out and letters in, is described in [/asyncapi.json](/asyncapi.json)."
	settings.OpenAPIPath, settings.DocsPath, settings.SchemasPath = "", "", "" // ours are offline, see docs.go
	settings.CreateHooks = nil                                                 // no $schema in answers
	a.huma = humagin.New(a.engine, settings)
	a.huma.UseMiddleware(strict)
	a.schemas = a.huma.OpenAPI().Components.Schemas
	a.schemas.RegisterTypeAlias(reflect.TypeFor[problem](), reflect.TypeFor[v1.Problem]()) // as it travels
	a.validator.schemas = a.schemas

	a.registerMessages()
	a.registerProducts()
	a.registerInventory()
	a.registerOrders()
	a.registerFulfilment()
	a.registerPayments()
	a.registerRefunds()
	a.registerCases()
	a.registerDecisions()
	a.registerHistory()
	a.registerExplain()
	a.registerStates()
	a.registerFrozen()
	a.registerEvents()
	a.registerOperations()
	a.registerParked()
	a.registerDocs() // last: it renders what the others have described
	return a
}

// newEngine is a router that redirects nothing, knows 405, and believes no header about who is calling.
func newEngine() *gin.Engine {
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	engine.HandleMethodNotAllowed = true
	engine.UseRawPath = true // an escaped slash is part of a value, not of the path
	engine.ForwardedByClientIP = false
	if err := engine.SetTrustedProxies(nil); err != nil {
		panic(err) // an empty list cannot be wrong
	}
	return engine
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.engine.ServeHTTP(w, r) }

// Server makes the HTTP server, with its time and size limits. Its Shutdown ends the event streams first.
func (a *API) Server() *http.Server {
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(a.stop)
	return server
}

// notServedHere refuses what belongs to the API, known or not: a 404 would say that an order does not exist.
func notServedHere(c *gin.Context) {
	if strings.HasPrefix(c.Request.URL.Path, "/v1/") {
		fail(v1.NotServedHere, "this copy runs without the role api; send the request to one that has it").write(c)
	}
}

// recovered answers a panic as a problem, once, and logs where it came from.
func (a *API) recovered(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler {
			panic(cause)
		}
		p := fail(v1.InternalError, "the program ran into something nobody foresaw")
		a.Log.Error("panic", "instance", p.Instance, "method", c.Request.Method, "route", c.FullPath(),
			"error", fmt.Sprint(cause), "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			p.write(c)
		}
	}()
	c.Next()
}
