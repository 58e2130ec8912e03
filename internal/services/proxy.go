package services

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Cut says what a proxy does to the next bytes on one of its connections.
type Cut int32

// Cuts.
const (
	CutNothing Cut = iota
	CutRequest     // the client's next bytes never reach the server, and the connection breaks
	CutAnswer      // they do, and the server's answer is what gets lost
)

// Proxy stands between a client and a server on loopback and breaks one connection when it is told to.
type Proxy struct {
	URL string // the server's, with the proxy's address

	only string // a connection is broken only if its first bytes have this in them
	next atomic.Int32

	listener net.Listener
	server   string
	mu       sync.Mutex
	open     map[net.Conn]struct{}
	running  sync.WaitGroup
}

// StartProxy stands before the server at a URL until the test ends. Only connections that begin with a text are broken, such as
// those that set a parameter in their start-up message; "" is all.
func StartProxy(t testing.TB, server, only string) *Proxy {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{only: only, listener: listener, server: u.Host, open: map[net.Conn]struct{}{}}
	u.Host = listener.Addr().String()
	p.URL = u.String()
	p.running.Go(p.accept)
	t.Cleanup(p.stop)
	return p
}

func (p *Proxy) stop() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

// CutNext breaks the connection on which something moves next, that way. Done reports whether it has.
func (p *Proxy) CutNext(what Cut) { p.next.Store(int32(what)) }

// Done reports whether what CutNext asked for has happened.
func (p *Proxy) Done() bool { return Cut(p.next.Load()) == CutNothing }

func (p *Proxy) accept() {
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
		var chosen atomic.Bool
		p.running.Go(func() { p.pump(client, server, CutRequest, &chosen) })
		p.running.Go(func() { p.pump(server, client, CutAnswer, &chosen) })
	}
}

// pump carries bytes one way until the connection ends or is to be cut here. Postgres flushes the answers to a pipeline
// when it is through with it, so the first bytes after COMMIT say that it is done.
func (p *Proxy) pump(from, to net.Conn, cutHere Cut, chosen *atomic.Bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for first := cutHere == CutRequest; ; first = false {
		n, err := from.Read(buffer)
		if first && bytes.Contains(buffer[:n], []byte(p.only)) {
			chosen.Store(true)
		}
		if err != nil || chosen.Load() && p.next.CompareAndSwap(int32(cutHere), int32(CutNothing)) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
