package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ordermill/internal/crashpoint"
	"ordermill/internal/services"
)

// cluster is what copies of one shop share.
type cluster struct {
	t                  *testing.T
	store, amqp, redis string
}

func newCluster(t *testing.T) cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("short tests run under the race detector, which sees nothing of another process")
	}
	return cluster{t, services.Postgres(t), services.AMQP(t), services.Redis(t)}
}

// args are the arguments of one more copy.
func (c cluster) args(more ...string) []string {
	return slices.Concat([]string{"serve", "--insecure", "--migrate", "--demo",
		"--store", c.store, "--amqp", c.amqp, "--redis", c.redis}, more)
}

// copy starts one that has these roles; none: all.
func (c cluster) copy(roles ...string) *process {
	c.t.Helper()
	if len(roles) == 0 {
		return launch(c.t, c.args()...)
	}
	return launch(c.t, c.args("--roles", strings.Join(roles, ","))...)
}

// frozen starts a copy that stops, as SIGSTOP does, when it reaches a point for the n-th time.
func (c cluster) frozen(at crashpoint.Point, n int, roles string) *process {
	c.t.Helper()
	cmd := built(c.t, mortal, anywhere(c.args("--roles", roles)...)...)
	cmd.Env = append(cmd.Environ(), fmt.Sprintf("%s=%s:%d:freeze", crashpoint.Variable, at, n))
	return start(c.t, cmd)
}

// terminate asks the process to stop in good order and returns when it is gone.
func (p *process) terminate() {
	p.signal(syscall.SIGTERM)
	<-p.exited
	p.Close()
}
