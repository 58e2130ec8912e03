package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/services"
)

// buildFolder is where the program is built.
var buildFolder string

// binary builds the program once per test run; mortal is the one that dies at a point that its environment names; stack is
// what `make stack` runs.
var (
	binary = sync.OnceValues(func() (string, error) { return build("ordermill", "ordermill/cmd/ordermill") })
	mortal = sync.OnceValues(func() (string, error) {
		return build("ordermill-mortal", "-tags", "crashpoints", "ordermill/cmd/ordermill")
	})
	stack = sync.OnceValues(func() (string, error) { return build("stack", "ordermill/internal/services/stack") })
)

func build(name string, what ...string) (path string, err error) {
	path = filepath.Join(buildFolder, name)
	args := append([]string{"build", "-buildvcs=false", "-o", path}, what...)
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return path, err
}

func TestMain(m *testing.M) {
	var err error
	if buildFolder, err = os.MkdirTemp("", "ordermill-e2e-"); err != nil {
		panic(err)
	}
	if err := runBeside(); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(buildFolder) // a temporary folder that stays behind is no failure of the tests
	os.Exit(code)
}

// process is a copy of the program that can be killed.
type process struct {
	shop
	cmd    *exec.Cmd
	log    *logBuffer
	exited chan struct{} // closed when it is gone; cmd.ProcessState tells how
}

// command is the built program with arguments, not yet started.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return built(t, binary, args...)
}

func built(t *testing.T, program func() (string, error), args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("short tests run under the race detector, which sees nothing of another process")
	}
	path, err := program()
	require.NoError(t, err)
	return exec.Command(path, args...)
}

// anywhere are the arguments of a copy that a test talks to.
func anywhere(args ...string) []string {
	return append([]string{"--json", "--addr", "127.0.0.1:0"}, args...)
}

// launch starts a copy and returns when it answers. It is killed when the test ends.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, command(t, anywhere(args...)...))
}

// start is launch for a command that was made beforehand.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p, err := begin(t, cmd)
	require.NoError(t, err)
	return p
}

// begin is start for a copy that may end before it answers: that is the error.
func begin(t *testing.T, cmd *exec.Cmd) (*process, error) {
	t.Helper()
	p := &process{cmd: cmd, log: &logBuffer{}, exited: make(chan struct{})}
	p.cmd.Stderr = p.log
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // how it ended stands in ProcessState
	}()
	t.Cleanup(func() {
		p.kill()
		p.log.show(t)
	})
	var started struct{ URL string }
	if err == nil {
		err = json.Unmarshal(line, &started)
	}
	if err != nil {
		return p, fmt.Errorf("it said %q on standard output (%w); %s", line, err, p.log)
	}
	p.shop = shop{t: t, url: started.URL, Client: client.New(started.URL)}
	return p, nil
}

func serve(t *testing.T, store string) *process {
	t.Helper()
	return launch(t, "serve", "--insecure", "--migrate", "--demo", "--store", store)
}

func dev(t *testing.T, data string) *process {
	t.Helper()
	return launch(t, "dev", "--data", data)
}

// signal sends the process a signal.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) } // it may be gone

// kill ends the process as kill -9 does and returns when it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.exited
	if p.Client != nil {
		p.Close()
	}
}

// running is false of no process, too.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// end stops the process as Ctrl-C does, and demands that it ends well.
func (p *process) end() {
	p.t.Helper()
	p.Close()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(patience):
		require.Fail(p.t, "it did not end")
	}
	require.Zero(p.t, p.cmd.ProcessState.ExitCode(), "%s", p.log)
}

// ready waits until the process's read models have caught up.
func (p *process) ready() *process {
	p.t.Helper()
	eventually(p.t, func() error { return p.Ready(p.t.Context()) })
	return p
}

func TestSecondProcess_sameDataFolder_isRefusedWithAClearLine(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := dev(t, data)
	second, err := command(t, "dev", "--data", data, "--addr", "127.0.0.1:0").CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, string(second), "the data folder is in use by another process: "+data)
	require.NotContains(t, string(second), "goroutine")

	first.ready().letter(orderLetter("1"))
	first.kill()
	third := dev(t, data) // the lock is the operating system's: it died with its owner
	third.letter(paymentLetter("1"))
	third.confirmed("1")
}

func TestSIGTERM_drainsWithinTenSeconds(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *process{
		"SQLite":   func(t *testing.T) *process { return dev(t, t.TempDir()) },
		"Postgres": func(t *testing.T) *process { return serve(t, services.Postgres(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t).ready()
			go func() { _ = p.Tail(t.Context(), client.Filter{}, func(v1.Event) error { return nil }) }() // never leaves by itself
			shopping := p.shopping(4)
			shopping.acknowledged(20)
			p.signal(syscall.SIGTERM)
			select {
			case <-p.exited:
			case <-time.After(10 * time.Second):
				require.Fail(t, "it did not end")
			}
			shopping.stop()
			require.Zero(t, p.cmd.ProcessState.ExitCode(), "%s", p.log)
		})
	}
}

func TestServe_unmigratedStore_isRefusedUnlessToldToMigrate(t *testing.T) {
	t.Parallel()
	store := services.Postgres(t)
	out, err := command(t, "serve", "--insecure", "--store", store, "--addr", "127.0.0.1:0").CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, string(out), "migrate")
	out, err = command(t, "migrate", "--store", store).CombinedOutput()
	require.NoError(t, err, "%s", out)
	launch(t, "serve", "--insecure", "--store", store).ready()
}
