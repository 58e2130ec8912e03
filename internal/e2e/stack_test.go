package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/internal/services"
)

// developersStack is what one folder's stack was started with.
type developersStack struct {
	t    *testing.T
	dir  string
	env  []string
	args []string
}

// newStack is a stack that is not yet started; a test that fails leaves none running.
func newStack(t *testing.T, program string, env ...string) *developersStack {
	services.Need(t, "PostgreSQL, RabbitMQ and Redis")
	dir := filepath.Join(t.TempDir(), "stack")
	s := &developersStack{t: t, dir: dir, env: env, args: []string{"-dir", dir, "-program", program}}
	t.Cleanup(func() { _, _ = s.run("stop") })
	return s
}

func (s *developersStack) run(command string) (string, error) {
	cmd := built(s.t, stack, append(s.args, command)...)
	cmd.Env = append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must is run for a command that succeeds.
func (s *developersStack) must(command string) string {
	s.t.Helper()
	out, err := s.run(command)
	require.NoError(s.t, err, "%s", out)
	return out
}

// gone demands that nothing is left of what is in the folder for temporary files, and that no stack runs.
func (s *developersStack) gone(temporary string) {
	s.t.Helper()
	left, err := os.ReadDir(temporary)
	require.NoError(s.t, err)
	require.Empty(s.t, left)
	require.Equal(s.t, "No stack is running.\n", s.must("stop"))
}

// temporary is a folder for temporary files that the servers' account may enter, too.
func temporary(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

var (
	copyURL   = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`)
	brokerURL = regexp.MustCompile(`(amqp|redis|postgres)://\S*@127\.0\.0\.1:\S+`)
	processID = regexp.MustCompile(`\(process ([0-9]+)\)`)
)

func TestStack_copiesShareTheWork_outliveTheirNeighboursAndEndWithoutATrace(t *testing.T) {
	t.Parallel()
	path, err := binary()
	require.NoError(t, err)
	tmp := temporary(t)
	s := newStack(t, path, "TMPDIR="+tmp)
	require.Equal(t, "No stack is running.\n", s.must("stop"))
	said := s.must("start")

	urls := copyURL.FindAllString(said, -1)
	require.Len(t, urls, 3, said)
	var copies []*shop
	for _, url := range urls {
		c := &shop{t: t, url: url, Client: client.New(url)}
		t.Cleanup(c.Close)
		require.NoError(t, c.Ready(t.Context()))
		copies = append(copies, c)
	}
	brokers := map[string]string{}
	for _, found := range brokerURL.FindAllStringSubmatch(said, -1) {
		if brokers[found[1]] == "" {
			brokers[found[1]] = found[0]
		}
	}
	var pids []int // the three copies, PostgreSQL, RabbitMQ, Redis
	for _, found := range processID.FindAllStringSubmatch(said, -1) {
		pid, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	require.Len(t, pids, 6, said)

	overAMQP, overRedis := amqpSender(t, brokers["amqp"]), redisSender(t, brokers["redis"])
	overAMQP(orderLetter("1"), "")
	overRedis(paymentLetter("1"), "")
	overAMQP(paymentLetter("2"), "")
	overRedis(orderLetter("2"), "")
	for _, c := range copies {
		c.confirmed("1", "2")
	}
	again := s.must("start")
	require.Contains(t, again, "A stack is running already.")
	require.Equal(t, urls, copyURL.FindAllString(again, -1))

	for _, victim := range []int{pids[0], pids[4]} {
		require.NoError(t, syscall.Kill(victim, syscall.SIGKILL))
	}
	overRedis(orderLetter("3"), "")
	overRedis(paymentLetter("3"), "")
	for _, c := range copies[1:] {
		c.confirmed("3")
	}
	require.Contains(t, s.must("start"), "<- does not answer")
	eventually(t, func() error {
		log, err := os.ReadFile(filepath.Join(s.dir, "holder.log"))
		if err == nil && !(strings.Contains(string(log), "RabbitMQ has died") && strings.Contains(string(log), "copy-1 (process "+strconv.Itoa(pids[0])+") has ended: signal: killed")) {
			err = os.ErrNotExist
		}
		return err
	})

	require.Contains(t, s.must("stop"), "The stack has ended.")
	for _, pid := range pids {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "process %d", pid)
	}
	require.NoFileExists(t, filepath.Join(s.dir, "stack.json"))
	require.NoFileExists(t, filepath.Join(s.dir, "control"))
	s.gone(tmp)
}

func TestStack_thatCannotStart_saysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	fails, err := exec.LookPath("false")
	require.NoError(t, err)
	for name, c := range map[string]struct{ path, why string }{
		"server missing": {t.TempDir(), "redis-server is not installed"},
		"copy ends":      {os.Getenv("PATH"), "ended while it started (exit status 1); its log is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmp := temporary(t)
			s := newStack(t, fails, "TMPDIR="+tmp, "PATH="+c.path)
			out, err := s.run("start")
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", out)
			require.Equal(t, 1, exit.ExitCode())
			require.Contains(t, out, c.why)
			require.Contains(t, out, filepath.Join(s.dir, "*.log"))
			require.NotContains(t, out, "http://")
			s.gone(tmp)
		})
	}
}
