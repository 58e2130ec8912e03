// Package projections is the runtime of read models: tables folded by key from the log, which can be dropped and built again.
//
// A Projection says what a read model is: which keys an event concerns, how a row changes by an event, how its table looks.
// A Model runs one: it follows the log, rebuilds, verifies and answers queries, all through the one fold.
//
// The tables exist once per generation. A pointer names the generation that queries read; the first start is a rebuild into
// generation 1. A rebuild fills the next generation beside the live one and cuts over exactly: it holds the live generation's
// checkpoint row, brings its own rows to that same position, and flips the pointer, in one transaction of the database of
// read models. Appends to the log never wait for it.
//
// It decides nothing: a row is what the domain's own states say, and no command is decided on a row. It runs no effects.
// The only dialect SQL is the bulk load (bulk.go); everything else runs unchanged on SQLite and Postgres.
package projections
