// Package inprocess is the transport of the embedded program: an ordered publish/subscribe in memory behind Watermill's
// interfaces. Watermill's own gochannel does not keep the order.
//
// Every subscription has its own queue and gets every message, in order, one at a time. A queue is bounded: when a
// subscriber falls behind, its oldest messages are dropped. That loses nothing, because a consumer that sees a gap reads
// the log (see eventstore/subscription), and it keeps a slow consumer from holding up the others or filling the memory.
//
// It is not a broker: nothing is kept for a subscriber that is not there, and no letters come in this way.
package inprocess
