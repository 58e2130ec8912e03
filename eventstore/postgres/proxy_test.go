package postgres_test

import (
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// cut says what a proxy does to the next bytes on any of its connections.
type cut int32

const (
	cutNothing cut = iota
	cutRequest     // the client's next bytes never reach the server, and the connection breaks
	cutAnswer      // they do, and the server's answer is what gets lost
)

// proxy stands between a client and the server on loopback and breaks one connection when it is told to.
type proxy struct {
	URL  string
	next atomic.Int32

	listener net.Listener
	server   string
	mu       sync.Mutex
	open     map[net.Conn]struct{}
	running  sync.WaitGroup
}

func startProxy(t testing.TB, server string) *proxy {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, server: u.Host, open: map[net.Conn]struct{}{}}
	u.Host = listener.Addr().String()
	p.URL = u.String()
	p.running.Go(p.accept)
	t.Cleanup(p.stop)
	return p
}

func (p *proxy) stop() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

// cutNext breaks the connection on which something moves next.
func (p *proxy) cutNext(what cut) { p.next.Store(int32(what)) }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open[client], p.open[server] = struct{}{}, struct{}{}
		p.mu.Unlock()
		p.running.Go(func() { p.pump(client, server, cutRequest) })
		p.running.Go(func() { p.pump(server, client, cutAnswer) })
	}
}

// pump carries bytes one way until the connection ends or is to be cut here. Postgres flushes the answers to a pipeline
// when it is through with it, so the first bytes after COMMIT say that it is done.
func (p *proxy) pump(from, to net.Conn, cutHere cut) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || p.next.CompareAndSwap(int32(cutHere), int32(cutNothing)) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
