// Package eventstore is the append-only log: the only truth about orders, money and stock.
//
// A Store validates, stamps and checks; a small Driver (one for SQLite, one for Postgres) locks, reads and writes.
// The rules about conflicts, receipts and lost replies stand once, here, and not in the drivers.
//
// What the log promises:
//
//   - Positions are 1, 2, 3 ... in commit order, without a gap: a checkpoint is one integer, and no reader can skip.
//   - A request is all or nothing, over as many streams as it names.
//   - A request is checked against the exact version of every stream it wrote or only looked at.
//   - A receipt is written with its events: the same command twice is answered, not done, twice.
//   - Nothing that was acknowledged is lost, and nothing that was written changes.
//
// It is not a message broker (see messaging), and it does not know what an event means (see domain and codec).
package eventstore
