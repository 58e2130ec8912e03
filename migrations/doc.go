// Package migrations holds the tables of a shop as numbered SQL, the same numbers and names for SQLite and Postgres, and
// brings a database to the newest of them. SQL that runs on both stands once, in both/.
//
// The tables stand in two places. The log's place has the log and everything else that cannot be made again: reactors'
// checkpoints, the inbox, contacts, keys. The read place has what can be dropped: projectors' checkpoints and the
// generations of the read models. On SQLite a place is a file; on Postgres both are one database with three schemas, or two
// databases, of which that of the read place has one schema.
//
// The tables of the read models themselves are not here: each generation makes its own (see projections).
// A migration that has been released is never changed; a new number follows it.
package migrations
