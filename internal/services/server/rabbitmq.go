package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// RabbitMQ is a broker node, with what it takes to reach it as an administrator.
type RabbitMQ struct {
	*Server
	Node Node
}

// RabbitMQ starts a broker without plugins, and an Erlang port mapper (epmd) of its own: a shared one would outlive us
// and listen on every address. It takes about 8 s.
func (g *Group) RabbitMQ() (*RabbitMQ, error) {
	program, err := find("rabbitmq-server", "/usr/lib/rabbitmq/bin") // the one in PATH asks for its own account
	if err != nil {
		return nil, err
	}
	dir, err := g.folder("rabbitmq")
	if err != nil {
		return nil, err
	}
	ports := [3]int{}
	for i := range ports {
		if ports[i], err = g.FreePort(); err != nil {
			return nil, err
		}
	}
	password, address := newPassword(), fmt.Sprintf("127.0.0.1:%d", ports[0])
	node := Node{
		Name:    "ordermill@localhost",
		Cookie:  newPassword(),
		EPMD:    fmt.Sprint(ports[2]),
		BaseURL: fmt.Sprintf("amqp://ordermill:%s@%s", password, address),
	}
	config, empty, plugins := filepath.Join(dir, "rabbitmq.conf"), filepath.Join(dir, "environment"), filepath.Join(dir, "plugins")
	settings := fmt.Sprintf("listeners.tcp.1 = %s\ndefault_user = ordermill\ndefault_pass = %s\n", address, password)
	if err := errors.Join(
		g.write(config, settings),
		g.write(empty, ""),
		g.write(plugins, "[].\n"),
		g.write(filepath.Join(dir, ".erlang.cookie"), node.Cookie),
	); err != nil {
		return nil, err
	}
	if err := g.startMapper(dir, node.EPMD); err != nil {
		return nil, err
	}

	env := []string{
		"RABBITMQ_NODENAME=" + node.Name,
		fmt.Sprintf("RABBITMQ_DIST_PORT=%d", ports[1]),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(dir, "mnesia"),
		"RABBITMQ_LOG_BASE=" + filepath.Join(dir, "log"),
		"RABBITMQ_CONFIG_FILE=" + config,
		"RABBITMQ_CONF_ENV_FILE=" + empty,
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + plugins,
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
		"ERL_EPMD_PORT=" + node.EPMD,
		"ERL_EPMD_ADDRESS=127.0.0.1",
		"ERL_CRASH_DUMP_SECONDS=0",
		"RUNNING_UNDER_SYSTEMD=true", // the script becomes the server instead of watching over it
	}
	s, err := g.launch(&Server{
		URL:  node.BaseURL + "/",
		name: "RabbitMQ",
		dir:  dir,
		command: func() *exec.Cmd {
			cmd := g.command(dir, program)
			cmd.Env = append(cmd.Env, env...)
			return cmd
		},
		ready:  func(int) error { return brokerReady(address) },
		polite: syscall.SIGTERM,
		quick:  syscall.SIGKILL,
	})
	if err != nil {
		return nil, err
	}
	return &RabbitMQ{Server: s, Node: node}, nil
}

// startMapper starts epmd as a server of the group.
func (g *Group) startMapper(dir, port string) error {
	program, err := find("epmd")
	if err != nil {
		return err
	}
	mapperDir, err := g.folder("epmd")
	if err != nil {
		return err
	}
	_, err = g.launch(&Server{
		name:    "epmd",
		dir:     mapperDir,
		command: func() *exec.Cmd { return g.command(mapperDir, program, "-port", port, "-address", "127.0.0.1") },
		ready: func(int) error {
			conn, err := net.DialTimeout("tcp4", "127.0.0.1:"+port, time.Second)
			if err == nil {
				conn.Close()
			}
			return err
		},
		polite: syscall.SIGTERM,
		quick:  syscall.SIGKILL,
	})
	return err
}

// brokerReady asks for AMQP 0-9-1 and waits for the first byte of the broker's Connection.Start, a method frame.
func brokerReady(address string) error {
	conn, err := net.DialTimeout("tcp4", address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := io.WriteString(conn, "AMQP\x00\x00\x09\x01"); err != nil {
		return err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(conn, first); err != nil {
		return err
	}
	if first[0] != 1 {
		return fmt.Errorf("the first frame is of type %d, not a method", first[0])
	}
	return nil
}
