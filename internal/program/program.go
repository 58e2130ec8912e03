package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

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

	deciding  *group // the command queue
	consuming *group // everyone who reads the log, and the inboxes: stopped before the queue they send commands to
	served    chan error
	caughtUp  atomic.Bool // the read models, with the head of the start
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
	owner := subscription.Owner{ID: uuid.NewString(), Sole: p.store.embedded}

	// Commands: one queue, one desk.
	queue := app.NewQueue(p.events, c.Now)
	desk := app.NewDesk(queue, p.events, c.Currency, c.Timing, c.provider(), c.Log)
	p.deciding.run(queue.Run)
	if c.Demo {
		if err := demo.Seed(ctx, desk); err != nil {
			return fmt.Errorf("seed the demo catalogue: %w", err)
		}
	}
	head, err := p.events.Head(ctx)
	if err != nil {
		return err
	}

	// Read models, each a projector woken by every transport.
	var (
		orderRows   = projections.New(orders.Projection, p.events, p.store.read, owner, projections.WithLogger(c.Log))
		paymentRows = projections.New(payments.Projection, p.events, p.store.read, owner, projections.WithLogger(c.Log))
		stockRows   = projections.New(inventory.Projection, p.events, p.store.read, owner, projections.WithLogger(c.Log))
		productRows = projections.New(products.Projection, p.events, p.store.read, owner, projections.WithLogger(c.Log))
		timerRows   = projections.New(timers.Projection, p.events, p.store.read, owner, projections.WithLogger(c.Log))
		caseRows    = projections.New(cases.Projection, p.events, p.store.read, owner, projections.WithLogger(c.Log))
	)
	p.models = projections.Set{orderRows, paymentRows, stockRows, productRows, timerRows, caseRows}

	// The REST surface over both.
	box := mailbox.New(p.store.durable, p.store.log.Read)
	p.server = api.New(api.Config{
		Desk: desk, Events: p.events, Orders: orderRows, Payments: paymentRows, Inventory: stockRows, Products: productRows,
		Cases: caseRows, Finder: cases.Finder{Model: caseRows}, History: history.New(p.events),
		ReadModels: p.models, Messages: app.NewMessages(p.store.log.Read), Mailbox: box, Consumers: p.store.databases(),
		Transports: names(p.transports), Ready: p.readiness, Version: app.Version(), Log: c.Log,
	}).Server()

	p.consume(owner, desk, queue, box)
	firing := app.NewTimers(queue, dueTimers{timerRows}, c.Log)
	p.consuming.run(func(ctx context.Context) {
		subscription.Alone(ctx, p.store.log, owner, app.TimersName, c.Log, firing.Run)
	})
	inbox := app.NewInbox(desk, p.store.durable)
	for _, t := range p.transports {
		p.consuming.run(func(ctx context.Context) { takeLetters(ctx, t, inbox, p.store.log, owner, c.Log) })
	}
	p.consuming.run(func(ctx context.Context) { p.becomeReady(ctx, head.Position) })
	go func() { p.served <- p.server.Serve(p.listener) }()
	return nil
}

// consume starts everyone who reads the log.
func (p *Program) consume(owner subscription.Owner, desk *app.Desk, queue *app.Queue, mailer app.Mailer) {
	c := p.config
	woken := []subscription.Option{subscription.WithFeeds(feeds(p.transports)...), subscription.WithLogger(c.Log)}
	p.consuming.run(func(ctx context.Context) { p.models.Run(ctx, woken...) })

	reactor := func(r subscription.Reactor, options ...subscription.Option) {
		consumer := subscription.NewReactor(p.events, p.store.log, owner, r, options...)
		p.consuming.run(func(ctx context.Context) { _ = consumer.Run(ctx) }) // it has told why it stopped
	}
	reactor(app.NewCheckout(desk), append(woken, subscription.SideBySide(app.CheckoutSideBySide))...)
	reactor(app.NewConfirmations(queue, mailer, "mailbox"), append(woken, subscription.FromHead())...)
	reactor(app.NewCollection(desk), append(woken, subscription.FromHead())...)
	for _, t := range p.transports {
		reactor(messaging.NewRelay(t), subscription.WithLogger(c.Log))
	}
}

// URL is where the program answers, http://HOST:PORT.
func (p *Program) URL() string { return "http://" + p.listener.Addr().String() }

// Wait returns when the program has stopped serving: nil after Stop, otherwise why.
func (p *Program) Wait() error {
	err := <-p.served
	p.served <- err
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Stop takes no more requests, lets those under way finish, and takes everything down in the opposite order of Start. What
// has not finished when ctx ends is cut off; nothing that was acknowledged depends on it. It may be called again.
func (p *Program) Stop(ctx context.Context) error {
	p.stopOnce.Do(func() { p.stopError = p.shutdown(ctx) })
	return p.stopError
}

func (p *Program) shutdown(ctx context.Context) error {
	var errs []error
	if p.server != nil {
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
		errs = append(errs, p.store.Close(), p.store.forget())
	}
	return errors.Join(errs...)
}
