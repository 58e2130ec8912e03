package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/internal/crashpoint"
)

// A copy that is stopped where everybody else waits for it, is waited for as long as its locks live, and can write nothing
// when it goes on.
func TestFrozenInTheMiddleOfItsTransaction_othersGoOn_andItWritesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		at    crashpoint.Point
		roles string
	}{
		"appending":  {crashpoint.InAppend, "api"},
		"projecting": {crashpoint.BeforeProjection, "api,projector"},
	} {
		t.Run(name, func(t *testing.T) {
			shared := newCluster(t)
			other := shared.copy("api", "relay", "worker")
			frozen := shared.frozen(c.at, 30, c.roles)
			if c.roles == "api" {
				shared.copy("projector")
			}
			other.ready().stocked("TOY", 1_000_000)
			street := newStreet(other.Client, frozen.Client)
			street.leisure = 10 * time.Millisecond
			street.close(1) // it will answer nobody in time, and then whatever it likes
			buying := street.buyers(t, 6, nothing)
			eventually(t, func() error { return stopped(frozen.cmd.Process.Pid) })
			db := database(t, "pgx", shared.store)
			before := rows(t, db, held)
			third := shared.copy()
			third.letter(orderLetter("a-bear"))
			third.letter(paymentLetter("a-bear"))
			within(t, takeover+takeover/2, func() error { return third.status("a-bear", "confirmed", "paid") }) // the new copy starts, too
			projecting := slices.DeleteFunc(before, func(lease string) bool { return c.roles == "api" || !strings.Contains(lease, ".1,") })
			within(t, takeover, func() error { return changedHands(rows(t, db, held), projecting) })
			now := rows(t, db, owning)

			frozen.signal(syscall.SIGCONT)
			errands := buying.stop()
			settled(t, &third.shop, errands, "a-bear")
			require.Equal(t, now, rows(t, db, owning), "the thawed copy has touched a lease")
		})
	}
}

// stopped returns an error unless a process is stopped, as SIGSTOP does.
func stopped(pid int) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err == nil && !strings.Contains(string(status), "\nState:\tT") {
		err = fmt.Errorf("process %d runs", pid)
	}
	return err
}
