package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
)

// TestMain lets the test binary act as the program.
func TestMain(m *testing.M) {
	if os.Getenv("ORDERMILL_TEST_WITHSERVERS") != "" {
		main()
	}
	os.Exit(m.Run())
}

func program(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), append(env, "ORDERMILL_TEST_WITHSERVERS=1")...)
	return cmd
}

// given names servers that are not asked, so that none is started.
var given = []string{services.PostgresURL + "=postgres://given", services.AMQPURL + "=amqp://given", services.RedisURL + "=redis://given"}

func TestWithservers_exitCodeIsTheCommands(t *testing.T) {
	require.NoError(t, program(t, given, "true").Run())
	err := program(t, given, "sh", "-c", "exit 7").Run()
	require.EqualError(t, err, "exit status 7")
	require.Error(t, program(t, given, "no-such-command").Run())
	require.Error(t, program(t, given).Run())
}

func TestWithservers_serversGiven_usedAsTheyAre(t *testing.T) {
	out, err := program(t, given, "sh", "-c", "echo $"+services.PostgresURL+" $"+services.RedisURL).Output()
	require.NoError(t, err)
	require.Equal(t, "postgres://given redis://given\n", string(out))
}

func TestWithservers_startsWhatIsNotGiven(t *testing.T) {
	out, err := program(t, append(given[:2:2], services.RedisURL+"="), "sh", "-c", "echo $"+services.RedisURL).Output()
	require.NoError(t, err)
	require.Regexp(t, `^redis://default:[A-Z2-7]+@127\.0\.0\.1:[0-9]+/0\n$`, string(out))
}

func TestWithservers_signalReachesTheCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ready")
	require.NoError(t, syscall.Mkfifo(file, 0o600))
	cmd := program(t, given, "sh", "-c", "trap 'exit 9' TERM; echo ready > "+file+"; while :; do sleep 0.05; done")
	require.NoError(t, cmd.Start())
	_, err := os.ReadFile(file) // returns when the command has set its trap
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.EqualError(t, cmd.Wait(), "exit status 9")
}
