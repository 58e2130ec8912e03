package server

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// RedisDatabases is how many logical databases a Redis server of ours has.
const RedisDatabases = 512

// Redis starts a Redis server that keeps what it acknowledged over Kill and Restart (append-only file).
func (g *Group) Redis() (*Server, error) {
	program, err := find("redis-server")
	if err != nil {
		return nil, err
	}
	dir, err := g.folder("redis")
	if err != nil {
		return nil, err
	}
	port, err := g.FreePort()
	if err != nil {
		return nil, err
	}
	password, config := newPassword(), filepath.Join(dir, "redis.conf")
	if err := g.write(config, fmt.Sprintf(`
bind 127.0.0.1
port %d
requirepass %s
dir %s
databases %d
save ""
appendonly yes
appendfsync everysec
`, port, password, dir, RedisDatabases)); err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	return g.launch(&Server{
		URL:     fmt.Sprintf("redis://default:%s@%s/0", password, address),
		name:    "Redis",
		dir:     dir,
		command: func() *exec.Cmd { return g.command(dir, program, config) },
		ready:   func(int) error { return redisReady(address, password) },
		polite:  syscall.SIGTERM,
		quick:   syscall.SIGKILL,
	})
}

func redisReady(address, password string) error {
	conn, err := net.DialTimeout("tcp4", address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", password)
	answers := bufio.NewReader(conn)
	answers.ReadString('\n')
	answer, err := answers.ReadString('\n')
	if err == nil && strings.TrimSpace(answer) != "+PONG" {
		err = fmt.Errorf("PING was answered %q", answer)
	}
	return err
}
