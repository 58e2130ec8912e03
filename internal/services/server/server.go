package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
	pollEvery    = 20 * time.Millisecond
)

// Server is one server of a group. Its methods may be called from several goroutines; it starts none of its own, so
// leak detectors find none.
type Server struct {
	// URL is where clients connect, with user and password. It stays the same over Restart.
	URL string

	group   *Group
	name    string
	dir     string
	command func() *exec.Cmd    // a new one for every start
	ready   func(pid int) error // nil once clients can connect
	polite  syscall.Signal      // asks for an orderly end
	quick   syscall.Signal      // ends it at once where the data is thrown away, leaving nothing behind in the system

	mu     sync.Mutex
	pid    int // 0: not running
	frozen []int
}

// Restart starts the server again on its address and data; a server that still runs is killed first. It returns when
// clients can connect.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
	logPath := filepath.Join(s.dir, "server.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.command()
	cmd.Stdout, cmd.Stderr = log, log // never ours: `go test` waits for everyone who holds the test binary's output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", s.name, err)
	}
	s.pid = cmd.Process.Pid
	cmd.Process.Release()
	s.group.guard.add(s.quick, -s.pid)

	deadline := time.Now().Add(startTimeout)
	for err = s.ready(s.pid); err != nil; err = s.ready(s.pid) {
		switch {
		case s.reaped():
			return fmt.Errorf("%s ended while it started:\n%s", s.name, lastLines(logPath))
		case time.Now().After(deadline):
			s.kill()
			return fmt.Errorf("%s was not ready after %v (%w):\n%s", s.name, startTimeout, err, lastLines(logPath))
		}
		time.Sleep(pollEvery)
	}
	return nil
}

// PID is the server's first process, 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reaped()
	return s.pid
}

// Kill ends the server and its children at once, as kill -9 does, and returns when they are gone.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
}

// Stop asks the server to end in good order, and kills it if it has not after 20 seconds.
func (s *Server) Stop() { s.end(s.polite) }

// Crash ends the server at once by its own means, without any tidying of its data.
func (s *Server) Crash() { s.end(s.quick) }

func (s *Server) end(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pid == 0 {
		return
	}
	s.thaw()
	syscall.Kill(s.pid, signal)
	for deadline := time.Now().Add(stopTimeout); !s.reaped(); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			s.kill()
			return
		}
	}
}

// Freeze stops the server's processes where they are: connections stay open and nothing answers. New connections are
// still taken by the kernel. Thaw lets them go on.
func (s *Server) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pid == 0 {
		return
	}
	if len(s.frozen) == 0 {
		s.frozen = []int{s.pid}
	}
	syscall.Kill(s.pid, syscall.SIGSTOP)
	for all := false; !all; { // a process may have made another one before it was stopped itself
		all = true
		for _, pid := range family(s.pid) {
			if slices.Contains(s.frozen, pid) {
				continue
			}
			all = false
			s.frozen = append(s.frozen, pid)
			s.group.guard.add(syscall.SIGKILL, pid) // it would wait for a SIGCONT for ever
			syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
}

// Thaw ends a Freeze.
func (s *Server) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.thaw()
}

func (s *Server) thaw() {
	for _, pid := range s.frozen {
		syscall.Kill(pid, syscall.SIGCONT)
		if pid != s.pid {
			s.group.guard.drop(pid)
		}
	}
	s.frozen = nil
}

// kill takes the children down too: PostgreSQL's make themselves leaders of their own groups, and a postmaster does not
// start again while one of the old ones still holds its memory.
func (s *Server) kill() {
	if s.pid == 0 {
		return
	}
	family := family(s.pid)
	for _, pid := range family {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for !s.reaped() || slices.ContainsFunc(family, runs) {
		time.Sleep(time.Millisecond)
	}
	s.thaw()
}

// reaped reports whether the server's first process has ended, and takes note of it once.
func (s *Server) reaped() bool {
	if s.pid == 0 {
		return true
	}
	pid, err := syscall.Wait4(s.pid, nil, syscall.WNOHANG, nil)
	if pid == 0 || err == syscall.EINTR {
		return false
	}
	s.group.guard.drop(-s.pid)
	s.pid = 0
	return true
}

// launch starts the server for the first time and hands it to its group.
func (g *Group) launch(s *Server) (*Server, error) {
	s.group = g
	if err := s.Restart(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		s.Crash()
		return nil, fmt.Errorf("%s: its group was closed while it started", s.name)
	}
	g.servers = append(g.servers, s)
	return s, nil
}

func lastLines(path string) string {
	const most = 20
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
