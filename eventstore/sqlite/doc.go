// Package sqlite keeps a shop in a folder, inside the process: nothing to install, one process at a time.
//
// The folder holds log.db (the log, receipts, reactors' checkpoints, inbox, contacts, keys), read.db (read models and
// projectors' checkpoints, which can be made again) and the lock that keeps a second process out.
//
// It is the driver and nothing else: what may be written is decided by package eventstore.
package sqlite
