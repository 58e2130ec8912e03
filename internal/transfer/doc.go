// Package transfer moves a shop from one database to another as a file of lines, between SQLite and Postgres and back.
//
// Export writes a store as NDJSON, from one snapshot. Open and Into bring such a file into an empty store, which becomes the
// same log under the same log_id, or into one that holds the beginning of that log. What moves is all that cannot be made again:
// the log, receipts, reactors' checkpoints and parked keys, refused letters, cursors, contacts, keys, mails. Read models do not:
// they are built where the shop starts. Both ways hold a few hundred lines in memory, however long the log is.
//
// An import that was interrupted is run again and goes on. Until one has come to its end the store bears a mark, and must not be
// served (Unfinished): with the events and without the reactors' checkpoints, a shop would send its mail a second time.
//
// It knows the tables and their order, and nothing of what is in them. It is no backup of a running shop's disk, and decides
// nothing about two shops that both went on: that is refused.
package transfer
