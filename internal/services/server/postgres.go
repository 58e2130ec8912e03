package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Quick returns settings that trade for speed what a test cannot see: fsync matters when the machine loses power, not
// when the server is killed.
func Quick() []string { return []string{"fsync=off", "full_page_writes=off"} }

// Postgres starts a new PostgreSQL cluster with data checksums and one superuser. Settings such as "fsync=off" override
// the server's defaults, which are durable.
//
// Its texts sort by a language's rules (ICU, en-US), as many real clusters do: a key column that forgets its own bytewise
// collation is found here and not in production.
func (g *Group) Postgres(settings ...string) (*Server, error) {
	initdb, err := find("initdb", "/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil, err
	}
	dir, err := g.folder("postgres")
	if err != nil {
		return nil, err
	}
	password, passwordFile, data := newPassword(), filepath.Join(dir, "password"), filepath.Join(dir, "data")
	if err := g.write(passwordFile, password); err != nil {
		return nil, err
	}
	if err := run(g.command(dir, initdb, "-D", data, "-k", "-U", "ordermill", "-A", "scram-sha-256", "--pwfile", passwordFile,
		"-E", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync")); err != nil {
		return nil, err
	}

	port, err := g.FreePort()
	if err != nil {
		return nil, err
	}
	args := []string{"-D", data, "-h", "127.0.0.1", "-p", fmt.Sprint(port),
		"-c", "unix_socket_directories=", "-c", "max_connections=500"}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return g.launch(&Server{
		URL:     fmt.Sprintf("postgres://ordermill:%s@127.0.0.1:%d/postgres?sslmode=disable", password, port),
		name:    "PostgreSQL",
		dir:     dir,
		command: func() *exec.Cmd { return g.command(dir, filepath.Join(filepath.Dir(initdb), "postgres"), args...) },
		ready:   func(pid int) error { return postmasterReady(data, pid) },
		polite:  syscall.SIGINT,  // "fast": connections are ended, work in progress is rolled back
		quick:   syscall.SIGQUIT, // "immediate": unlike SIGKILL it gives its System V memory segment back
	})
}

// postmasterReady reads the file by which PostgreSQL itself tells pg_ctl: line 1 is the process, line 8 its status.
func postmasterReady(data string, pid int) error {
	file, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return err
	}
	lines := strings.Split(string(file), "\n")
	if len(lines) < 8 || strings.TrimSpace(lines[0]) != fmt.Sprint(pid) || strings.TrimSpace(lines[7]) != "ready" {
		return fmt.Errorf("postmaster.pid does not say ready")
	}
	return nil
}
