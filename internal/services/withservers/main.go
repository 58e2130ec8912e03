// Withservers runs a command while one PostgreSQL, one RabbitMQ and one Redis server run for it, and ends them when it
// ends, whatever ends it:
//
//	withservers go test ./...
//
// The command finds them by the variables of package services. A server whose variable is set already is not started.
// The exit code is the command's.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"ordermill/internal/services"
	"ordermill/internal/services/server"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withservers command [argument ...]")
		os.Exit(2)
	}
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withservers:", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	group, err := server.NewGroup()
	if err != nil {
		return 1, err
	}
	defer group.Close()
	begin := time.Now()
	env, err := startAll(group)
	if err != nil {
		return 1, err
	}
	fmt.Fprintf(os.Stderr, "servers ready in %.1f s\n", time.Since(begin).Seconds())

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a signal reaches all that the command starts
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	group.Guard(cmd.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			syscall.Kill(-cmd.Process.Pid, s.(syscall.Signal))
		case err := <-ended:
			return exitCode(err)
		}
	}
}

func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 1, err
	case exit.ExitCode() < 0:
		return 1, err // ended by a signal, which the error names
	default:
		return exit.ExitCode(), nil
	}
}

// startAll starts what is not given and returns the variables that tell where it is.
func startAll(group *server.Group) ([]string, error) {
	var postgres, redis *server.Server
	var rabbit *server.RabbitMQ
	var starting errgroup.Group
	if os.Getenv(services.PostgresURL) == "" {
		starting.Go(func() (err error) { postgres, err = group.Postgres(server.Quick()...); return })
	}
	if os.Getenv(services.AMQPURL) == "" {
		starting.Go(func() (err error) { rabbit, err = group.RabbitMQ(); return })
	}
	if os.Getenv(services.RedisURL) == "" {
		starting.Go(func() (err error) { redis, err = group.Redis(); return })
	}
	if err := starting.Wait(); err != nil {
		return nil, err
	}
	var env []string
	if postgres != nil {
		env = append(env, services.PostgresURL+"="+postgres.URL)
	}
	if rabbit != nil {
		env = append(env, services.AMQPURL+"="+rabbit.URL, services.AMQPNode+"="+rabbit.Node.String())
	}
	if redis != nil {
		env = append(env, services.RedisURL+"="+redis.URL)
	}
	return env, nil
}
