package amqp

import (
	"context"
	"fmt"
	"net"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

const (
	heartbeat      = 2 * time.Second  // the broker gives a silent copy up after up to three of these; letters wait as long if it is frozen
	dialTimeout    = 5 * time.Second  // for the handshake as well
	prepareTimeout = 10 * time.Second // for all of it; a quorum queue that is electing answers after seconds
	closeWait      = 2 * time.Second  // for the broker's goodbye, which never comes while it is short of memory
)

// session is one connection with one channel. We hold the socket, because cutting it is the only thing that ends every
// call of the library in time: under a memory alarm they wait for ever.
type session struct {
	conn    *amqp091.Connection
	channel *amqp091.Channel
	socket  net.Conn
}

// dial connects and prepares the channel, all within prepareTimeout and ctx.
func (t *Transport) dial(ctx context.Context, purpose string, prepare func(*amqp091.Channel) error) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	s := &session{}
	watch := func() bool { return true }
	config := connectionConfig(purpose)
	config.Dial = func(network, address string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: dialTimeout}
		var err error
		if s.socket, err = dialer.DialContext(ctx, network, address); err != nil {
			return nil, err
		}
		watch = context.AfterFunc(ctx, func() { s.socket.Close() })
		return s.socket, nil
	}
	var err error
	if s.conn, err = amqp091.DialConfig(t.url, config); err != nil {
		watch()
		if s.socket != nil {
			s.socket.Close()
		}
		return nil, fmt.Errorf("connect to RabbitMQ: %w", err)
	}
	if s.channel, err = s.conn.Channel(); err == nil {
		err = prepare(s.channel)
	}
	if !watch() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		s.cut()
		return nil, fmt.Errorf("prepare RabbitMQ for the %s: %w", purpose, err)
	}
	return s, nil
}

func connectionConfig(purpose string) amqp091.Config {
	properties := amqp091.NewConnectionProperties()
	properties.SetClientConnectionName("ordermill " + purpose)
	return amqp091.Config{Heartbeat: heartbeat, Properties: properties, Dial: amqp091.DefaultDial(dialTimeout)}
}

// alive reports whether the session looks usable.
func (s *session) alive() bool { return s != nil && !s.channel.IsClosed() && !s.conn.IsClosed() }

// cut ends the session at once, whatever the broker does.
func (s *session) cut() {
	s.socket.Close()
	s.conn.Close() // tidies up; its error is that the socket is closed
}

// close says goodbye, so that what was acknowledged arrives, but not for long.
func (s *session) close() {
	guard := time.AfterFunc(closeWait, func() { s.socket.Close() })
	defer guard.Stop()
	s.conn.Close() // an error means the connection is lost, and so closed
}
