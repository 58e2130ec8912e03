package server

import (
	"bufio"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const orphanMaker = "ORDERMILL_TEST_ORPHAN_MAKER"

// TestMain lets the test binary act as a process that starts servers and never ends by itself.
func TestMain(m *testing.M) {
	if os.Getenv(orphanMaker) == "" {
		os.Exit(m.Run())
	}
	group, err := NewGroup()
	if err != nil {
		panic(err)
	}
	postgres, err := group.Postgres(Quick()...)
	if err != nil {
		panic(err)
	}
	redis, err := group.Redis()
	if err != nil {
		panic(err)
	}
	postgres.Freeze() // the guard must end stopped processes too
	os.Stdout.WriteString(strings.Join([]string{group.dir, postgres.URL, redis.URL}, "\n") + "\n")
	select {}
}

func TestGuard_killedProcess_noServersNoFilesLeft(t *testing.T) {
	maker := exec.Command(os.Args[0])
	maker.Env = append(os.Environ(), orphanMaker+"=1")
	maker.Stderr = os.Stderr
	out, err := maker.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, maker.Start())
	lines := bufio.NewScanner(out)
	var said [3]string
	for i := range said {
		require.True(t, lines.Scan(), "the process that starts servers ended early")
		said[i] = lines.Text()
	}
	require.DirExists(t, said[0])

	require.NoError(t, maker.Process.Kill())
	maker.Wait()
	require.Eventually(t, func() bool {
		_, err := os.Stat(said[0])
		return os.IsNotExist(err) && !listens(t, said[1]) && !listens(t, said[2])
	}, 20*time.Second, 20*time.Millisecond)
}

func TestGroup_closeEndsAllAndLeaksNothing(t *testing.T) {
	goleak.VerifyNone(t)
	group, err := NewGroup()
	require.NoError(t, err)
	redis, err := group.Redis()
	require.NoError(t, err)
	require.True(t, listens(t, redis.URL))
	goleak.VerifyNone(t) // a running server has no goroutine

	group.Close()
	require.False(t, listens(t, redis.URL))
	require.NoDirExists(t, group.dir)
	group.Close()
	_, err = group.Redis()
	require.Error(t, err)
}

func TestStart_brokenConfiguration_saysWhatTheServerSaid(t *testing.T) {
	group, err := NewGroup()
	require.NoError(t, err)
	defer group.Close()
	_, err = group.Postgres("max_connections=many")
	require.ErrorContains(t, err, `invalid value for parameter "max_connections"`)
}

func TestServers_neverRoot(t *testing.T) {
	group, err := NewGroup()
	require.NoError(t, err)
	defer group.Close()
	redis, err := group.Redis()
	require.NoError(t, err)
	status, err := os.ReadFile("/proc/" + strconv.Itoa(redis.pid) + "/status")
	require.NoError(t, err)
	require.NotContains(t, string(status), "Uid:\t0")
}

func listens(t *testing.T, address string) bool {
	u, err := url.Parse(address)
	require.NoError(t, err)
	conn, err := net.DialTimeout("tcp4", u.Host, time.Second)
	if err == nil {
		conn.Close()
	}
	return err == nil
}
