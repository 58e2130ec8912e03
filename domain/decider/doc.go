// Package decider is the shape of every rule of the shop: a pure decision on a folded state, and the fold itself.
//
// The form is Jérémie Chassaing's decider. There is no base aggregate, no registry and no reflection: a stream's rules are a
// Decider value, and whoever has the stream's events can fold it.
package decider
