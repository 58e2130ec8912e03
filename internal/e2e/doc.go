// Package e2e tests the whole program from outside: over HTTP, through real brokers, and as processes that are killed,
// frozen and stopped. It holds tests only.
//
// ORDERMILL_TORTURE=1 (make torture) repeats the faults more often and with more load.
package e2e
