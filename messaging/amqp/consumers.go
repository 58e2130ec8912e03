package amqp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	wamqp "github.com/ThreeDotsLabs/watermill-amqp/v3/pkg/amqp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ordermill/messaging"
)

var errClosed = errors.New("the transport is closed")

// connection is the one connection of all our consumers. It is made when the first of them runs; from then on Watermill
// keeps it up. We hold its socket for the same reason as a session does.
type connection struct {
	made chan struct{}            // closed when the first attempt is over; sets the two below
	conn *wamqp.ConnectionWrapper // nil if it failed
	err  error

	mu     sync.Mutex
	socket net.Conn // the newest
}

// connect starts the first attempt.
func connect(t *Transport) *connection {
	c := &connection{made: make(chan struct{})}
	config := connectionConfig("consumers")
	config.Dial = func(network, address string) (net.Conn, error) {
		socket, err := amqp091.DefaultDial(dialTimeout)(network, address)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.socket = socket
		return socket, err
	}
	go func() {
		defer close(c.made)
		conn, err := wamqp.NewConnection(wamqp.ConnectionConfig{
			AmqpURI: t.url, AmqpConfig: &config,
			Reconnect: &wamqp.ReconnectConfig{
				BackoffInitialInterval: 200 * time.Millisecond, BackoffMaxInterval: 5 * time.Second,
				BackoffMultiplier: 2, BackoffRandomizationFactor: 0.5,
			},
		}, messaging.Logger(t.log))
		if err != nil {
			c.err = fmt.Errorf("connect to RabbitMQ: %w", err)
			return
		}
		c.conn = conn
	}()
	return c
}

// failed reports whether the first attempt is over and was in vain.
func (c *connection) failed() bool {
	select {
	case <-c.made:
		return c.err != nil
	default:
		return false
	}
}

// cut ends whatever waits for the broker on this connection.
func (c *connection) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.socket != nil {
		c.socket.Close()
	}
}

// within runs what waits for the broker, and cuts the connection if it takes too long.
func (c *connection) within(limit time.Duration, do func() error) error {
	guard := time.AfterFunc(limit, c.cut)
	defer guard.Stop()
	return do()
}

func (c *connection) close() {
	<-c.made
	if c.conn != nil {
		_ = c.within(closeWait, c.conn.Close) // an error means the connection is lost, and so closed
	}
}

// consumers waits for the consumers' connection; it is up, or Watermill is about to have it up again.
func (t *Transport) consumers(ctx context.Context) (*connection, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, errClosed
	}
	if t.consumer == nil || t.consumer.failed() {
		t.consumer = connect(t)
	}
	c := t.consumer
	t.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.made:
		return c, c.err
	}
}
