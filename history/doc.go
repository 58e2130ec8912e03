// Package history tells what happened, by reading the log: the movements and reservations of a SKU, the story of an order.
//
// It keeps nothing and follows nothing: every answer is folded from streams as they stand, so it is never behind. What it
// reads is bounded, and where a bound is met the answer says so. Lists over many orders or SKUs are read models, not this.
package history
