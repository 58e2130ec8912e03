// Package archtest holds the import rules of ARCHITECTURE.md as a test: which folder may import which, where each
// third-party module lives, and what the domain must not touch. Every rule carries its reason, which is what a failure
// prints. Imports of test files are free.
//
// It reads the source itself, without `go list`, so that go test knows the files and repeats the check when one changes.
package archtest
