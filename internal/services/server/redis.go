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

// Durable returns the setting with which a Redis server keeps what it acknowledged over Kill. With the default, everysec,
// it answers up to two seconds before it has written: while the disk is busy with one fsync, writes wait for its end.
func Durable() []string { return []string{"appendfsync always"} }

// Redis starts a Redis server that keeps its data over Stop and Restart (append-only file). Settings such as those of
// Durable override the server's defaults.
func (g *Group) Redis(settings ...string) (*Server, error) {
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
%s
`, port, password, dir, RedisDatabases, strings.Join(settings, "\n"))); err != nil {
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
