// Package amqp is the transport over RabbitMQ (3.10 and later).
//
// Outwards: a durable topic exchange <prefix>.events, routing key = event type (order.placed). Any service may bind a
// durable queue of its own. What no queue is bound for goes through the alternate exchange <prefix>.unrouted into a
// small queue of the same name that keeps the latest thousand.
//
// Our own consumers each have an exclusive, bounded queue while they run; when it overflows or dies, they read the log.
// They consume through Watermill's subscriber, on one connection.
//
// Inwards: letters in the quorum queue <prefix>.inbox, sent through the default exchange with the queue's name as
// routing key. It has no length limit and no delivery limit: a letter stays until its outcome is committed. On RabbitMQ 4,
// where a delivery limit of 20 is the default, set the policy delivery-limit = -1 for it.
//
// RabbitMQ 3.10 that is killed within seconds of declaring a quorum queue can leave it without a leader for good: the
// log then repeats "prepare RabbitMQ for the inbox". Delete the queue; letters it took in those seconds are lost.
//
// We publish on amqp091 itself because Watermill's publisher loses messages without confirms, is slow with them, and
// does not survive lost connections; and we read the inbox on amqp091 because Watermill's subscriber refuses the letter
// it has in hand when it closes, which sends it to the end of a quorum queue.
package amqp
