// Package projectiontest is the suite that every read model passes on every database: whatever happens to deliveries,
// processes and rows, a read model is the fold of the log.
//
// The oracle is a plain fold in memory that shares nothing with the runtime but the projection's own Keys and Fold.
package projectiontest
