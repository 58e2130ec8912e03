//go:build crashpoints

package crashpoint

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	where string
	fate  = syscall.SIGKILL
	left  atomic.Int64
)

func init() {
	point, rest, _ := strings.Cut(os.Getenv(Variable), ":")
	times, how, _ := strings.Cut(rest, ":")
	var n int64
	if _, err := fmt.Sscan(times, &n); err == nil {
		where = point
		left.Store(n)
	}
	if how == "freeze" {
		fate = syscall.SIGSTOP
	}
}

// Reach kills the process, as kill -9 does, or stops it, if this is the point and the time for it.
func Reach(p Point) {
	if where != string(p) || left.Add(-1) != 0 {
		return
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(fate)
	}
	if err == nil && fate == syscall.SIGSTOP {
		time.Sleep(100 * time.Millisecond) // the signal takes a moment to stop all threads; nothing must happen in it
		return
	}
	panic(fmt.Sprintf("not killed at %s: %v", p, err))
}
