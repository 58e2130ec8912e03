package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"ordermill": main}) }

// TestScripts runs the built program as people do. In a script, "start ARGS" runs a server on a free port in the background
// and sets ADDR, "rest" waits until every consumer there is at the log's head, "shutdown" ends it with SIGTERM and demands that it
// drains in time and exits 0.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values[serverKey{}] = &running{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start":    start,
			"rest":     rest,
			"shutdown": shutdown,
		},
	})
}

// running is the server that a script has started last.
type running struct {
	*exec.Cmd
	err *strings.Builder
}

type serverKey struct{}

func start(ts *testscript.TestScript, _ bool, args []string) {
	path, err := exec.LookPath("ordermill")
	ts.Check(err)
	server := ts.Value(serverKey{}).(*running)
	*server = running{exec.Command(path, append(args, "--addr", "127.0.0.1:0", "--json")...), &strings.Builder{}}
	server.Dir = ts.Getenv("WORK")
	server.Env = append(os.Environ(), "TMPDIR="+ts.Getenv("WORK"))
	server.Stderr = server.err
	out, err := server.StdoutPipe()
	ts.Check(err)
	ts.Check(server.Start())
	ts.Defer(func() { _ = server.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = server.Wait()
		ts.Fatalf("ordermill %v does not start: %v\n%s", args, err, server.err.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	_, addr, _ := strings.Cut(line, "http://")
	ts.Setenv("ADDR", strings.TrimRight(addr, "\"}\n"))
}

func rest(ts *testscript.TestScript, _ bool, _ []string) {
	server := client.New("http://" + ts.Getenv("ADDR"))
	defer server.Close()
	for late := time.Now().Add(drain); ; <-time.After(10 * time.Millisecond) {
		consumers, err := server.Consumers(context.Background())
		ts.Check(err)
		if !slices.ContainsFunc(consumers, func(c v1.Consumer) bool { return c.Lag > 0 }) {
			return
		}
		if time.Now().After(late) {
			ts.Fatalf("consumers do not come to rest: %+v", consumers)
		}
	}
}

// drain is how long a server may take to stop.
const drain = 10 * time.Second

func shutdown(ts *testscript.TestScript, _ bool, _ []string) {
	server := ts.Value(serverKey{}).(*running)
	ts.Check(server.Process.Signal(syscall.SIGTERM))
	late := time.AfterFunc(drain, func() { _ = server.Process.Kill() })
	defer late.Stop()
	if err := server.Wait(); err != nil {
		ts.Fatalf("stopped badly: %v\n%s", err, server.err.String())
	}
}

// A server whose output nobody reads any more, as in ordermill dev | head, serves on, and removes its folder at its end.
func TestDev_outlivesTheReaderOfItsOutput(t *testing.T) {
	path, err := exec.LookPath("ordermill")
	require.NoError(t, err)
	nobody, out, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	defer out.Close()
	temp, addr := t.TempDir(), unusedAddress(t)
	server := exec.Command(path, "dev", "--memory", "--addr", addr)
	server.Env = append(os.Environ(), "TMPDIR="+temp)
	server.Stdout, server.Stderr = out, out
	require.NoError(t, server.Start())
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	defer func() { _ = server.Process.Kill() }()
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + addr + "/readyz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, drain, 20*time.Millisecond)
	require.NoError(t, server.Process.Signal(syscall.SIGTERM))
	require.NoError(t, <-ended)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)
}
