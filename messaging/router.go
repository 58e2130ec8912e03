package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
)

var (
	errSubscriptionEnded = errors.New("the subscription ended by itself")
	errHandlerPanicked   = errors.New("the handler panicked")
)

// closeTimeout bounds the wait for a delivery that does not heed the end of its context.
const closeTimeout = 10 * time.Second

// route runs a Watermill router with one handler on one subscription until ctx ends, the handler fails or the
// subscription dies, and says which. A router with more handlers would drop a dead one silently.
func route(ctx context.Context, log *slog.Logger, name, topic string, subscriber message.Subscriber, handle func(*message.Message) error) error {
	d, err := drain(ctx, subscriber, topic)
	if err != nil {
		return err
	}
	defer d.Close()
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: closeTimeout}, Logger(log))
	if err != nil {
		return err
	}
	var failure atomic.Pointer[error]
	router.AddConsumerHandler(name, topic, d, func(m *message.Message) error {
		err := handle(m)
		if err != nil {
			failure.Store(&err)
		}
		return err
	})
	ended := make(chan error, 1)
	go func() { ended <- router.Run(context.WithoutCancel(ctx)) }()
	select {
	case <-router.Running(): // a router that is closed before it runs blocks for its whole timeout
	case err := <-ended:
		return fmt.Errorf("start router: %w", err)
	}

	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-d.refused:
		if err = errHandlerPanicked; failure.Load() != nil {
			err = *failure.Load()
		}
	case <-ended:
		return errSubscriptionEnded
	}
	if closing := router.Close(); closing != nil {
		err = errors.Join(err, closing)
	}
	<-ended
	return err
}

// settle is how long a subscriber gets to send the last acknowledgement before it is closed; it does not tell when it has.
const settle = 100 * time.Millisecond

// draining decorates an open subscription so that closing it loses no acknowledgement: it takes no more messages, waits
// for the one in flight, and only then closes. Watermill's own way, cancelling what is in flight, brings it twice.
//
// A message that the handler refuses is held, neither acknowledged nor refused, until the subscription is closed: refusing
// it would reorder a queue, or bring it again at once for ever.
type draining struct {
	subscriber message.Subscriber
	messages   <-chan *message.Message
	cancel     context.CancelFunc

	stop    chan struct{} // closed: take no more
	stopped atomic.Bool
	started atomic.Bool
	idle    chan struct{} // closed: nothing in flight any more
	refused chan struct{} // closed: the handler refused a message
	closed  chan struct{}
	acked   bool // anything; read after idle
}

// drain subscribes. The router's subscribing must not fail: a router whose handler never started leaks a goroutine.
func drain(ctx context.Context, subscriber message.Subscriber, topic string) (*draining, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	messages, err := subscriber.Subscribe(ctx, topic)
	if err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("subscribe: %w", err), subscriber.Close())
	}
	return &draining{
		subscriber: subscriber, messages: messages, cancel: cancel,
		stop: make(chan struct{}), idle: make(chan struct{}), refused: make(chan struct{}), closed: make(chan struct{}),
	}, nil
}

// Subscribe gives the router the one subscription there is.
func (d *draining) Subscribe(context.Context, string) (<-chan *message.Message, error) {
	if d.started.Swap(true) {
		return nil, errors.New("a draining subscription can be used once")
	}
	out := make(chan *message.Message)
	go d.forward(out)
	return out, nil
}

func (d *draining) forward(out chan<- *message.Message) {
	defer close(d.idle)
	defer close(out)
	for {
		theirs, ok := d.take()
		if !ok {
			return
		}
		ours := theirs.Copy()
		ours.SetContext(theirs.Context())
		select {
		case <-d.stop:
			return
		case out <- ours:
		}
		select {
		case <-ours.Acked():
			theirs.Ack()
			d.acked = true
		case <-ours.Nacked():
			close(d.refused)
			<-d.stop
			return
		}
	}
}

func (d *draining) take() (*message.Message, bool) {
	select {
	case <-d.stop: // before anything else, also when a message is there
		return nil, false
	default:
	}
	select {
	case <-d.stop:
		return nil, false
	case m, ok := <-d.messages:
		return m, ok
	}
}

// Close drains and closes. It may be called again, and then waits for the first call.
func (d *draining) Close() error {
	if d.stopped.Swap(true) {
		<-d.closed
		return nil
	}
	defer close(d.closed)
	close(d.stop)
	if d.started.Load() {
		<-d.idle
		if d.acked {
			time.Sleep(settle)
		}
	}
	d.cancel() // some subscribers wait for this while their broker is away
	return d.subscriber.Close()
}

// Logger lets Watermill write to log at debug level only: while a broker is away it repeats the same error many times a
// second, and what matters reaches our own log as the error of a relay or a feed.
func Logger(log *slog.Logger) watermill.LoggerAdapter {
	return watermill.NewSlogLoggerWithLevelMapping(log, map[slog.Level]slog.Level{
		slog.LevelError: slog.LevelDebug,
		slog.LevelWarn:  slog.LevelDebug,
		slog.LevelInfo:  slog.LevelDebug,
	})
}
