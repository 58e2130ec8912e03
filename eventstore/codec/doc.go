// Package codec ties the names and schema versions that stand in the log to the events of the domain.
//
// A stored name and version never change their meaning: an event that gets another shape gets another version. The golden files
// in testdata hold every version ever written, and its tests prove that each can still be read and folded.
//
// It does not decide who may write what, and it keeps no bytes: the log does.
package codec
