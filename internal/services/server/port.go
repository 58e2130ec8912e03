package server

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// FreePort returns a loopback port that nobody listens on and that this group has not had before. It lies below the range the
// kernel takes for outgoing connections (32768 and up on Linux): there a client that dials a server which is down can connect
// to itself and keep its port.
func (g *Group) FreePort() (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range 100 {
		port := 20000 + rand.IntN(12000)
		if g.ports[port] {
			continue
		}
		listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		listener.Close()
		g.ports[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("no free port between 20000 and 32000 on 127.0.0.1")
}
