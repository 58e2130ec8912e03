// Package subscription runs consumers: it brings each one every record of the log, in order, and remembers how far it came.
//
// A consumer is a Projector (its rows and its checkpoint commit in one transaction) or a Reactor (it holds no transaction
// while it works, and its checkpoint moves afterwards, so it sees a record at least once). One process at a time owns a
// consumer, by a lease with an epoch; the lease is for liveness, and a compare-and-set on the epoch in every write is for safety.
//
// A consumer is woken by feeds (a broker, the in-process bus) and by the log's own signal, whichever is first. A feed is never
// trusted: a delivery past the checkpoint only says "look", and looking means reading the log, or what this process has just
// written there. So brokers may lose, double and shuffle as they please.
//
// It is not a broker client (see messaging), and it knows nothing of rows and folds (see projections).
package subscription
