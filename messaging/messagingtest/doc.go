// Package messagingtest holds what every transport must do: one suite, with flags for what a transport can do, and a
// second one with faults, for a broker that may be killed.
//
// The suite plays the consumer's side as eventstore/subscription does: a record that continues the checkpoint is applied as
// it came, one behind it is skipped, and anything else only says "look", which reads the log.
//
// Watermill has a suite of its own (pubsub/tests). It publishes arbitrary messages before anybody subscribes and expects
// the broker to keep them for whoever comes. Our publishers take records only, and our subscriptions are for who is
// there, so just the in-process bus can run its parts about order, acknowledgement and closing, and does.
package messagingtest
