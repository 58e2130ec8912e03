package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"ordermill/api"
	"ordermill/app"
	"ordermill/app/mailbox"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/history"
	"ordermill/internal/demo"
	"ordermill/internal/transfer"
	"ordermill/messaging"
	"ordermill/messaging/asyncapi"
	"ordermill/projections"
	"ordermill/projections/cases"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
	"ordermill/projections/timers"
)

// Program is one running copy.
type Program struct {
	config     Config
	store      *store
	events     *eventstore.Store
	transports []messaging.Transport
	models     projections.Set
	server     *http.Server
	listener   net.Listener
	serving    bool // the server has the listener: what stops before that has nobody to drain

	deciding  *group // the command queue
	consuming *group // everyone who reads the log, and the inboxes: stopped before the queue they send commands to
	served    chan error
	head      int64       // of the log, at the start
	caughtUp  atomic.Bool // the read models, with head
	draining  atomic.Bool
	stopOnce  sync.Once
	stopError error
}

// Start brings everything up and returns once the program answers. Read models may still be catching up: /readyz tells.
func Start(ctx context.Context, config Config) (*Program, error) {
	p := &Program{config: config.withDefaults(), deciding: newGroup(), consuming: newGroup(), served: make(chan error, 1)}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}

func (p *Program) start(ctx context.Context) (err error) {
	c := p.config
	if err := c.checkStores(); err != nil {
		return err
	}
	if p.listener, err = net.Listen("tcp", c.Addr); err != nil {
		return fmt.Errorf("listen on %s: %w", c.Addr, err)
	}
	if p.store, err = openStore(ctx, c); err != nil {
		return err
	}
	if err := transfer.Unfinished(ctx, p.store.durable); err != nil {
		return err
	}
	p.events = eventstore.New(p.store.Driver(), eventstore.WithClock(c.Now))
	if p.transports, err = openTransports(c, p.store); err != nil {
		return err
	}
	if err := c.checkRoles(p.store, len(p.transports)); err != nil {
		return err
	}
	owner := subscription.Owner{ID: uuid.NewString(), Sole: p.store.embedded}

	// Commands: one queue, one desk.
	snapshots := app.NewSnapshots(p.events, p.store.log, c.Log)
	queue := app.NewQueue(p.events, c.Now, snapshots)
	desk := app.NewDesk(queue, p.events, c.Currency, c.Timing, c.provider(), c.Log)
	p.deciding.run(queue.Run)
	p.deciding.run(snapshots.Run)
	if c.Demo {
		if err := demo.Seed(ctx, desk); err != nil {
			return fmt.Errorf("seed the demo catalogue: %w", err)
		}
	}
	head, err := p.events.Head(ctx)
	if err != nil {
		return err
	}
	p.head = head.Position

	// Read models, each a projector woken by every transport.
	kept := []projections.Option{projections.WithLogger(c.Log), projections.WithKept(c.Keep)}
	var (
		orderRows   = projections.New(orders.Projection, p.events, p.store.read, owner, kept...)
		paymentRows = projections.New(payments.Projection, p.events, p.store.read, owner, kept...)
		stockRows   = projections.New(inventory.Projection, p.events, p.store.read, owner, kept...)
		productRows = projections.New(products.Projection, p.events, p.store.read, owner, kept...)
		timerRows   = projections.New(timers.Projection, p.events, p.store.read, owner, kept...)
		caseRows    = projections.New(cases.Projection, p.events, p.store.read, owner, kept...)
	)
	p.models = projections.Set{orderRows, paymentRows, stockRows, productRows, timerRows, caseRows}

	// The REST surface over both.
	described, err := asyncapi.Document(asyncapi.Config{Name: c.Name, Version: app.Version(), AMQP: c.AMQP, Redis: c.Redis})
	if err != nil {
		return err
	}
	box := mailbox.New(p.store.durable, p.store.log.Read)
	p.server = api.New(api.Config{
		Desk: desk, Events: p.events, Orders: orderRows, Payments: paymentRows, Inventory: stockRows, Products: productRows,
		Cases: caseRows, Finder: cases.Finder{Model: caseRows}, History: history.New(p.events, snapshots),
		ReadModels: p.models, Messages: app.NewMessages(p.store.log.Read), Mailbox: box, Consumers: p.store.databases(),
		Transports: names(p.transports), Ready: p.readiness, AsyncAPI: described, OperationsOnly: !c.has(API),
		Version: app.Version(), Log: c.Log,
	}).Server()

	// What goes on behind it, as far as it is this copy's share. Each has one owner among the copies, by a lease.
	if err := p.react(ctx, owner, desk, queue, box); err != nil {
		return err
	}
	if c.has(Projector) {
		p.consuming.run(func(ctx context.Context) { p.models.Run(ctx, p.woken()...) })
	}
	if c.has(Worker) {
		firing := app.NewTimers(queue, dueTimers{timerRows}, c.Log)
		p.consuming.run(func(ctx context.Context) {
			subscription.Alone(ctx, p.store.log, owner, app.TimersName, c.Log, firing.Run)
		})
		inbox := app.NewInbox(desk, p.store.durable)
		for _, t := range p.transports {
			p.consuming.run(func(ctx context.Context) { takeLetters(ctx, t, inbox, p.store.log, owner, c.Log) })
		}
	}
	p.consuming.run(p.becomeReady)
	p.serving = true
	go func() { p.served <- p.server.Serve(p.listener) }()
	return nil
}

// react starts the reactors that are this copy's share. All are enrolled first, whoever runs them: those that begin at the
// log's head must stand there before a letter, or one of their own, can make it grow, or a shop's first order gets no mail.
func (p *Program) react(ctx context.Context, owner subscription.Owner, desk *app.Desk, queue *app.Queue, mailer app.Mailer) error {
	type reactor struct {
		*subscription.Consumer
		role Role
	}
	var reactors []reactor
	add := func(role Role, r subscription.Reactor, options ...subscription.Option) {
		reactors = append(reactors, reactor{subscription.NewReactor(p.events, p.store.log, owner, r, options...), role})
	}
	add(Worker, app.NewCheckout(desk), append(p.woken(), subscription.SideBySide(app.CheckoutSideBySide))...)
	add(Worker, app.NewConfirmations(queue, mailer, "mailbox"), append(p.woken(), subscription.FromHead())...)
	add(Worker, app.NewCollection(desk), append(p.woken(), subscription.FromHead())...)
	for _, t := range p.transports {
		add(Relay, messaging.NewRelay(t), subscription.WithLogger(p.config.Log))
	}
	for _, r := range reactors {
		if err := r.Enrol(ctx); err != nil {
			return fmt.Errorf("enrol %s: %w", r.Name(), err)
		}
	}
	for _, r := range reactors {
		if p.config.has(r.role) {
			p.consuming.run(func(ctx context.Context) { _ = r.Run(ctx) }) // it has told why it stopped
		}
	}
	return nil
}

// woken is how consumers hear of new events: every configured transport wakes every one.
func (p *Program) woken() []subscription.Option {
	return []subscription.Option{subscription.WithFeeds(feeds(p.transports)...), subscription.WithLogger(p.config.Log)}
}

// URL is where the program answers, http://HOST:PORT.
func (p *Program) URL() string { return "http://" + p.listener.Addr().String() }

// WaitFor returns once a read model holds everything up to position, whichever copy keeps it; or ctx's error.
func (p *Program) WaitFor(ctx context.Context, readModel string, position int64) error {
	model, err := p.models.Find(readModel)
	if err != nil {
		return err
	}
	return model.WaitFor(ctx, position)
}

// Wait returns when the program has stopped serving: nil after Stop, otherwise why.
func (p *Program) Wait() error {
	err := <-p.served
	p.served <- err
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Stop refuses on /readyz, for as long as Config.Drain says; then it takes no more requests, lets those under way finish, and takes
// everything down in the opposite order of Start. What has not finished when ctx ends is cut off; nothing that was acknowledged
// depends on it. It may be called again.
func (p *Program) Stop(ctx context.Context) error {
	p.stopOnce.Do(func() { p.stopError = p.shutdown(ctx) })
	return p.stopError
}

func (p *Program) shutdown(ctx context.Context) error {
	var errs []error
	p.draining.Store(true)
	if p.serving {
		p.server.SetKeepAlivesEnabled(false) // each answer ends its connection, so that the next request goes elsewhere
		select {
		case <-time.After(p.config.Drain):
		case <-ctx.Done():
		}
		if err := p.server.Shutdown(ctx); err != nil {
			errs = append(errs, err, p.server.Close())
		}
	} else if p.listener != nil {
		errs = append(errs, p.listener.Close())
	}
	p.consuming.stop()
	p.deciding.stop()
	for _, t := range p.transports {
		errs = append(errs, t.Close())
	}
	if p.events != nil {
		errs = append(errs, p.events.Close())
	}
	if p.store != nil {
		errs = append(errs, p.store.close())
	}
	return errors.Join(errs...)
}
