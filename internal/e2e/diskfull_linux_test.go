package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestDiskFull_503_nothingAcknowledgedIsLost_recoversByItself takes the process's right to make files grow, which fails its
// writes as a full disk does, and gives it back.
func TestDiskFull_503_nothingAcknowledgedIsLost_recoversByItself(t *testing.T) {
	t.Parallel()
	p := dev(t, t.TempDir()).ready()
	grow := func(limit uint64) {
		require.NoError(t, unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: unix.RLIM_INFINITY}, nil))
	}
	var errands []*errand
	for range torture(2, 20) {
		buying := p.shopping(8)
		buying.acknowledged(20)
		grow(0)
		p.refused503(http.MethodPost, "/v1/messages", orderLetter("full"))
		_, err := p.Orders(t.Context(), 1, "")
		require.NoError(t, err, "reading needs no room")
		grow(unix.RLIM_INFINITY)
		errands = append(errands, buying.stop()...)
	}
	settled(t, &p.shop, errands)
}
