// Package storetest checks that a driver keeps every promise of eventstore.Driver, and that the Store over it keeps
// those of the log. Every driver runs the same suite; nothing in it asks which database it is.
//
// The suite is written against T, a small part of *testing.T, so that it can be run without failing the test around it:
// the package's own test shows that it passes a simple right driver and rejects drivers broken on purpose.
//
// What only one database can show (a killed server process, a full disk) is tested beside that driver.
package storetest
