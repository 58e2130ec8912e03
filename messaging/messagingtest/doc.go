// Package messagingtest holds what every transport must do: one suite, with flags for what a transport can do, and a
// second one with faults, for a broker that may be killed.
//
// The suite plays the consumer's side as eventstore/subscription does: a record that continues the checkpoint is applied as
// it came, one behind it is skipped, and anything else only says "look", which reads the log.
//
// Watermill has a suite of its own (pubsub/tests), for brokers that carry any message from anybody to whoever comes. We run
// the parts whose promise a transport makes (RunWatermill):
//
//   - on all three: order, one message in flight, again after a refusal, many publishers, closing, the message's context;
//   - metadata and any number of topics: in process. On a broker the payload is all there is, for readers in any
//     language, and RabbitMQ has one exchange of ours; on Redis a topic is a stream, so there too any number;
//   - what was published before: on Redis, from the stream (also after a subscription was cancelled). In process and on
//     RabbitMQ a queue is made when a consumer subscribes; what was before, it reads from the log.
//
// The others promise what ours do not. ContinueAfterSubscribeClose, ContinueAfterErrors and ConcurrentClose want a queue that
// outlives its subscriber; ours begin anew at the consumer's checkpoint. ConsumerGroups and ConcurrentSubscribeMultipleTopics
// want work shared among subscribers; with us a lease names one. Reconnect restarts the broker by a command, which RunFaults
// does, and worse.
package messagingtest
