package program

import (
	"context"
	"errors"
	"log/slog"

	"ordermill/app"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
	"ordermill/messaging/amqp"
	"ordermill/messaging/inprocess"
	"ordermill/messaging/redisstream"
)

// openTransports makes what the configuration names. Nothing is dialled yet: a broker may be away when we start. An embedded
// shop without brokers gets the in-process bus; copies on one Postgres without brokers are woken by the store itself. The shop's
// name is the prefix of exchanges, queues and streams, so that another tenant is another name here too.
func openTransports(c Config, s *store) ([]messaging.Transport, error) {
	var all []messaging.Transport
	if c.AMQP != "" {
		t, err := amqp.New(c.AMQP, amqp.Options{Prefix: c.Name, Log: c.Log})
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	if c.Redis != "" {
		t, err := redisstream.New(c.Redis, redisstream.Options{Prefix: c.Name, Cursor: app.NewCursor(s.durable, "redis-inbox"), Log: c.Log})
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	if len(all) == 0 && s.embedded {
		all = append(all, inprocess.New(inprocess.Options{Log: c.Log}))
	}
	return all, nil
}

func feeds(transports []messaging.Transport) []subscription.Feed {
	all := make([]subscription.Feed, len(transports))
	for i, t := range transports {
		all[i] = t.Feed()
	}
	return all
}

func names(transports []messaging.Transport) []string {
	all := make([]string, len(transports))
	for i, t := range transports {
		all[i] = t.Name()
	}
	return all
}

// beyond tells what a transport holds that the log has not. Not all keep what they were given.
func (p *Program) beyond(ctx context.Context, transport string) (first, last int64, err error) {
	for _, t := range p.transports {
		if keeper, ok := t.(messaging.Keeper); ok && t.Name() == transport {
			return messaging.Beyond(ctx, p.events, keeper)
		}
	}
	return 0, 0, nil
}

// takeLetters runs a transport's inbox until ctx ends, in every copy or in one at a time as the transport allows.
func takeLetters(ctx context.Context, t messaging.Transport, inbox *app.Inbox, db subscription.Database, owner subscription.Owner, log *slog.Logger) {
	receive := func(ctx context.Context, in messaging.Inbound) error {
		return inbox.Receive(ctx, app.Letter{Source: in.Source, MessageID: in.MessageID, Ref: in.Ref, Amiss: in.Amiss, Body: in.Body})
	}
	if !t.SharedInbox() {
		subscription.Alone(ctx, db, owner, "inbox-"+t.Name(), log, func(ctx context.Context) error { return t.Inbox(ctx, receive) })
		return
	}
	if err := t.Inbox(ctx, receive); err != nil && !errors.Is(err, context.Canceled) {
		log.Error("the inbox stopped; letters wait in the broker", "transport", t.Name(), "error", err)
	}
}
