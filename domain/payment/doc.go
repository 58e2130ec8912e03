// Package payment holds the rules of an order's account: money that arrived, what of it was counted, what goes back.
//
// There is one account per order, so that captured, refunded and pending are guarded together. A fact about money is never
// refused: it is recorded first, by RecordCapture, and what it means is decided afterwards, by checkout. An identity of money is
// claimed store-wide in a stream of its own, so the same letter sent twice, or by two ways, is one capture.
package payment
