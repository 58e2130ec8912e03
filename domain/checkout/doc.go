// Package checkout is the process manager of an order: it holds stock, asks for money, counts it, confirms or closes.
//
// Step decides from the heads of the order's streams alone: whatever woke it, it does all that is left to do and says it in one
// append. So a step that runs twice, or late, says nothing. Money is never swallowed: each capture is counted, or parked, or
// goes back.
//
// What each stream allows by itself stands in order, payment and inventory; this is the one place where they meet.
package checkout
