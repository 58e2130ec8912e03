// Package postgres keeps a shop in a Postgres database that any number of copies of the program share.
//
// One database holds three schemas (see migrations.Schemas); other shops may live beside it under other names. The read models may
// lie in a database of their own (ReadPlace). Appends are
// strictly one after another over all copies, by one advisory lock that is held to the end of COMMIT.
//
// It is the driver and nothing else: what may be written is decided by package eventstore.
package postgres
