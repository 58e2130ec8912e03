package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// Group is a set of servers that end together, with the temporary folder they live in.
type Group struct {
	dir     string
	account *syscall.Credential // nil: the servers run as whoever we are
	guard   *guard

	mu      sync.Mutex
	servers []*Server
	ports   map[int]bool // given out
	closed  bool
}

// NewGroup makes the folder and starts the guard. Close it when the servers are no longer needed.
func NewGroup() (*Group, error) {
	account, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ordermill-servers-")
	if err != nil {
		return nil, err
	}
	g := &Group{dir: dir, account: account, ports: map[int]bool{}}
	if err := g.own(dir); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if g.guard, err = startGuard(dir); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return g, nil
}

// Close ends all servers and removes their data. Later calls do nothing.
func (g *Group) Close() {
	g.mu.Lock()
	servers, closed := g.servers, g.closed
	g.servers, g.closed = nil, true
	g.mu.Unlock()
	if closed {
		return
	}
	for _, s := range servers {
		s.Crash()
	}
	g.guard.close()
}

// Guard ends a process group of the caller's too, should this process end before it.
func (g *Group) Guard(processGroup int) { g.guard.add(syscall.SIGKILL, -processGroup) }

// Unguard takes Guard back. Call it when the process has ended, for its id may be another's soon.
func (g *Group) Unguard(processGroup int) { g.guard.drop(-processGroup) }

// Folder is the temporary folder with the servers' data and logs. Close removes it.
func (g *Group) Folder() string { return g.dir }

// unprivileged returns the account for the servers when we are root: PostgreSQL refuses root, the others need no rights.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("servers do not run as root, and there is no other account to use: %w", err)
	}
	uid, uidErr := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(nobody.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("the account nobody has no numeric ids: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// own gives a file to the servers' account.
func (g *Group) own(path string) error {
	if g.account == nil {
		return nil
	}
	return os.Chown(path, int(g.account.Uid), int(g.account.Gid))
}

// folder makes a new folder for one server.
func (g *Group) folder(name string) (string, error) {
	dir, err := os.MkdirTemp(g.dir, name+"-")
	if err != nil {
		return "", err
	}
	return dir, g.own(dir)
}

// write makes a file only the servers' account can read.
func (g *Group) write(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o400); err != nil {
		return err
	}
	return g.own(path)
}

// command prepares a program that runs as the servers' account, in a process group of its own, with nothing of our
// environment but what it is given.
func (g *Group) command(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/usr/bin:/bin", "HOME=" + dir, "LANG=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: g.account}
	return cmd
}

// run runs a command to its end; what it printed is in the error.
func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}

func newPassword() string { return rand.Text() }
