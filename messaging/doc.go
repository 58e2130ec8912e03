// Package messaging carries copies of the log's records to brokers and back, and letters from brokers in.
//
// Outwards, a Relay per transport reads the log as a consumer and publishes. Inwards, a Feed per transport wakes our
// own consumers: a Watermill subscriber and router bring a record, and the consumer decides whether it continues its
// checkpoint. Letters from outside come in through a transport's Inbox and are acknowledged once their outcome is
// committed.
//
// The three transports are inprocess, amqp and redisstream; messagingtest holds what all three must do. They and
// this package are the only home of Watermill and of the broker clients. Package asyncapi describes all that to outsiders.
//
// Nothing here is the truth about anything: a transport may lose, double, reorder or erase everything it holds, and a
// read model is late, never wrong (see eventstore/subscription). It does not decide what a letter means (see app).
package messaging
