package e2e_test

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// leases is how many leases a copy holds that has a role alone: consumers, and tasks that must have one owner.
var leases = map[string]int{"relay": 2, "projector": 6 + 6 + 1, "worker": 3 + 2}

// Whatever kind of owner dies or freezes, another copy does its work in time; and one that thaws again writes nothing.
func TestOwnerKilledOrFrozen_anotherTakesOverInTime(t *testing.T) {
	kinds := []string{"relay,projector,worker"}
	if os.Getenv("ORDERMILL_TORTURE") != "" {
		kinds = append(kinds, "relay", "projector", "worker")
	}
	for _, roles := range kinds {
		for name, strike := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "frozen": syscall.SIGSTOP} {
			t.Run(roles+" "+name, func(t *testing.T) { takenOver(t, strings.Split(roles, ","), strike) })
		}
	}
}

func takenOver(t *testing.T, roles []string, strike syscall.Signal) {
	shared := newCluster(t)
	db, err := sql.Open("pgx", shared.store)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	struck, want := shared.copy(roles...), 0
	for _, role := range roles {
		want += leases[role]
	}
	eventually(t, func() error {
		if held := len(rows(t, db, held)); held != want {
			return fmt.Errorf("%d leases are held, want %d", held, want)
		}
		return nil
	})
	before := rows(t, db, held)
	other, third := shared.copy(), shared.copy()
	other.ready()
	third.ready()
	other.stocked("TOY", 1_000_000)
	street := newStreet(other.Client, third.Client)
	street.leisure = 100 * time.Millisecond // what piles up meanwhile is not what is measured
	buying := street.buyers(t, 4, nothing)
	buying.acknowledged(20)
	require.Subset(t, rows(t, db, held), before, "a lease changed hands although nobody died")

	struck.signal(strike)
	begun := time.Now()
	soon := func(what string, check func() error) {
		t.Helper()
		within(t, takeover-time.Since(begun), check)
		t.Logf("%s after %v", what, time.Since(begun).Round(10*time.Millisecond))
	}
	last := other.letter(orderLetter("a-bear"))
	redisSender(t, shared.redis)(paymentLetter("a-bear"), "")
	amqpSender(t, shared.amqp)(paymentLetter("nobody"), "")
	soon("settled", func() error { return other.status("a-bear", "confirmed", "paid") })
	soon("published", func() error { return onBothTransports(&other.shop, last.MessageID) })
	soon("all leases taken over", func() error { return changedHands(rows(t, db, held), before) })
	soon("a letter taken from RabbitMQ", func() error { _, err := other.Account(t.Context(), "nobody"); return err })
	now := rows(t, db, owning)

	struck.signal(syscall.SIGCONT)
	buying.acknowledged(20)
	errands := buying.stop()
	buying.patient()
	settled(t, &other.shop, errands, "a-bear")
	require.Equal(t, now, rows(t, db, owning), "the thawed copy has touched a lease")
}

// held tells who holds which lease.
const held = `SELECT name, owner FROM ordermill_ops.consumers WHERE owner <> ''`

// changedHands returns an error while a lease is not held by another owner than before.
func changedHands(now, before []string) error {
	taken := map[string]string{}
	for _, lease := range now {
		name, _, _ := strings.Cut(lease, ",")
		taken[name] = lease
	}
	for _, lease := range before {
		name, _, _ := strings.Cut(lease, ",")
		if now := taken[name]; now == "" || now == lease {
			return fmt.Errorf("the lease %s was %s and is %q", name, lease, now)
		}
	}
	return nil
}

// onBothTransports returns an error while a letter's events are not on both transports.
func onBothTransports(s *shop, messageID string) error {
	m, err := s.Message(s.t.Context(), messageID)
	if err == nil && !(m.Events[0].Published["amqp"] && m.Events[0].Published["redis"]) {
		err = fmt.Errorf("published: %v", m.Events[0].Published)
	}
	return err
}
