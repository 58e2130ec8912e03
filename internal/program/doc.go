// Package program wires the parts into the running program, and takes them down again in the opposite order. The command
// line, the end-to-end tests and the benchmarks all start it here, so they run the same thing.
//
// Reading Start from top to bottom is the quickest way to see who talks to whom. No rule of the shop stands here.
package program
