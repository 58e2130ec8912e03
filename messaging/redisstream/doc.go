// Package redisstream is the transport over Redis Streams (Redis 7.0 and later).
//
// Outwards: the stream <prefix>:events, an entry per record with the id <position>-0, so that Redis itself refuses
// doubles and stale writers, and with the fields event_id, type and payload (the wire format). It is bounded; who falls
// further behind reads the log over HTTP. Anybody may read it.
//
// Our own consumers read it through Watermill's subscriber from their checkpoints, without consumer groups, which lose
// the order and stop at the first foreign entry.
//
// Inwards: letters in the stream <prefix>:inbox, field payload = the letter's JSON. Redis does not know what was
// decided, so a cursor of ours does, and the stream is never trimmed past it.
package redisstream
