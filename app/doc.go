// Package app is where commands become events: it loads what a decision needs, lets the domain decide, and appends.
//
//   - Queue is the one writer of a process: it decides commands in order and writes each drain in one transaction.
//   - Desk has a method for each command that a client may send, letters included; Inbox takes letters from brokers.
//   - Checkout and Confirmations are reactors: the first is the process manager, the second sends mail.
//
// Rules about orders, money and stock stand in domain; rules about the log stand in eventstore. Here is only the way between them.
package app
