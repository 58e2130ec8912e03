// Package order holds the rules of an order: what was asked for at which price, and how it ended.
//
// An order is placed or rejected at the door; then it waits for money, is confirmed, and ends in exactly one terminal state,
// which is final. Whether there is stock and money is not known here: checkout tells, and the first word counts.
package order
