package storetest

import (
	"context"
	"testing"

	"ordermill/eventstore"
)

// T is what the suite needs of *testing.T.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	FailNow()
	Cleanup(func())
	Context() context.Context
}

// Log is a new, empty log for one check.
type Log struct {
	Driver eventstore.Driver
	// Twin gives a driver as another process would have it over the same log; nil: one process owns the log.
	Twin func(T) eventstore.Driver
	// Tamper is SQL that tries to change what was written, and Exec runs it with an owner's rights; nil: there is no SQL.
	Tamper []string
	Exec   func(ctx context.Context, sql string) error
}

// check is one promise, named after it.
type check struct {
	name string
	run  func(t T, log Log)
}

// Run checks every promise, each on a new log. open leaves the closing to t.Cleanup.
func Run(t *testing.T, open func(t T) Log) {
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func checks() []check {
	var all []check
	for _, topic := range [][]check{appendChecks, versionChecks, receiptChecks, readChecks, integrityChecks, failureChecks,
		concurrencyChecks, outcomeChecks, signalChecks} {
		all = append(all, topic...)
	}
	return all
}

// scaled is n, or a tenth of it (at least 2) with -short, which the race detector's runs use.
func scaled(n int) int {
	if testing.Short() {
		return max(2, n/10)
	}
	return n
}
