package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

type messageRequest struct {
	ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,64}$" doc:"message_id"`
}

func (a *API) registerMessages() {
	command(a, huma.Operation{
		Path: "/v1/messages", OperationID: "send-message", Tags: []string{"messages"}, DefaultStatus: http.StatusAccepted,
		Summary: "Send a letter: order.created, payment.completed, payment.failed, payment.refunded or payment.refund_failed",
		Description: fmt.Sprintf("As application/x-ndjson it is up to %d letters, one a line. They are decided in their order, each for itself: "+
			"a line that is refused does not stop the others. With an Idempotency-Key the whole answer is kept, refused lines too: send what was put right with another key.", maxLetters),
	}, options{anyBody: true, lines: true},
		func(ctx context.Context, in *waitingRequest, _ v1.Letter, call app.Call) (app.Answer, error) {
			if in.media == linesType {
				return a.sendLines(ctx, call, in.RawBody)
			}
			return a.Desk.Message(ctx, call, in.RawBody)
		},
		func(result any) reply[any] {
			if r, one := result.(app.MessageResult); one {
				return messageAccepted(r)
			}
			return reply[any]{http.StatusAccepted, "/v1/messages", result.(v1.MessagesAccepted)}
		})
	a.describeLines()

	handle(a, get("/v1/messages", "messages", "list-messages", "List letters, newest first"), a.listMessages)
	handle(a, get("/v1/messages/{id}", "messages", "get-message", "See a letter, its events, and who has handled them"),
		func(ctx context.Context, in *messageRequest) (*One[v1.Message], error) {
			found, err := a.Messages.Message(ctx, in.ID)
			if errors.Is(err, app.ErrNoMessage) {
				return nil, fail(v1.NotFound, "no letter has this message_id")
			}
			if err != nil {
				return nil, a.readFailed(ctx, err)
			}
			track, err := a.tracker(ctx)
			if err != nil {
				return nil, err
			}
			message, err := track.message(ctx, found)
			return &One[v1.Message]{Body: message}, err
		})

	if a.Mailbox != nil {
		handle(a, get("/v1/mailbox", "mailbox", "list-mails", "List the mails that were kept instead of sent"), a.listMails)
	}
}

func messageAccepted(r app.MessageResult) reply[any] {
	return reply[any]{http.StatusAccepted, "/v1/messages/" + r.MessageID, v1.MessageAccepted{MessageID: r.MessageID, Status: r.Status, Result: r.Result}}
}

func (a *API) listMessages(ctx context.Context, in *Paging) (*Page[v1.Message], error) {
	before, err := cursorKey("messages", in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.Messages.List(ctx, before, in.Limit+1)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = cursorFor("messages", found[in.Limit-1].MessageID)
	}
	track, err := a.tracker(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]v1.Message, len(found))
	for i, m := range found {
		if items[i], err = track.message(ctx, m); err != nil {
			return nil, err
		}
	}
	return page("/v1/messages", in.Limit, next, items), nil
}

func (a *API) listMails(ctx context.Context, in *Paging) (*Page[v1.Mail], error) {
	after, err := cursorKey("mailbox", in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.Mailbox.List(ctx, after, in.Limit+1)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = cursorFor("mailbox", found[in.Limit-1].MessageID)
	}
	items := make([]v1.Mail, len(found))
	for i, m := range found {
		items[i] = v1.Mail{MessageID: m.MessageID, OrderID: m.OrderID, To: m.To, Subject: m.Subject, Text: m.Text, SentAt: timeOf(m.SentAt)}
	}
	return page("/v1/mailbox", in.Limit, next, items), nil
}

// tracker derives who has handled what from the consumers' checkpoints, as they stood when it was made.
type tracker struct {
	api    *API
	relays map[string]subscription.Status // by transport
	others []tracked
}

// relayPrefix begins the names of the consumers that publish to a transport.
const relayPrefix = "relay-"

func (a *API) tracker(ctx context.Context) (*tracker, error) {
	consumers, err := a.named(ctx)
	if err != nil {
		return nil, err
	}
	t := &tracker{api: a, relays: map[string]subscription.Status{}}
	for _, c := range consumers {
		if transport, ok := strings.CutPrefix(c.name, relayPrefix); ok {
			t.relays[transport] = c.Status
		} else {
			t.others = append(t.others, c)
		}
	}
	return t, nil
}

func (t *tracker) message(ctx context.Context, m app.Message) (v1.Message, error) {
	out := v1.Message{
		MessageID: m.MessageID, EventType: m.EventType, Status: m.Status, Source: m.Source, SenderID: m.SenderID,
		ReceivedAt: timeOf(m.ReceivedAt), Result: m.Result, Problem: m.Problem, Events: []v1.TrackedEvent{},
	}
	if len(m.Events) == 0 {
		return out, nil
	}
	records, err := t.api.Events.Read(ctx, eventstore.Query{After: m.Events[0] - 1, Limit: len(m.Events)}) // one command's: neighbours
	if err != nil {
		return out, err
	}
	for _, r := range records {
		event, err := t.event(ctx, r)
		if err != nil {
			return out, t.api.readFailed(ctx, err)
		}
		out.Events = append(out.Events, event)
	}
	return out, nil
}

func (t *tracker) event(ctx context.Context, r eventstore.Record) (v1.TrackedEvent, error) {
	out := v1.TrackedEvent{Position: r.Position, Stream: r.Stream, Type: r.Type, Published: map[string]bool{}, Handled: []v1.Handled{}}
	for transport, relay := range t.relays {
		out.Published[transport] = relay.Position >= r.Position
	}
	for _, consumer := range t.others {
		handled := v1.Handled{Consumer: consumer.name, Status: "pending"}
		if consumer.Position >= r.Position {
			h, err := t.api.Consumers.Handled(ctx, consumer.Status.Name, r.Position)
			if err != nil {
				return out, err
			}
			handled.Status, handled.Attempts, handled.At, handled.Error = h.Status, h.Attempts, timeOf(h.At), h.Error
		}
		out.Handled = append(out.Handled, handled)
	}
	return out, nil
}
