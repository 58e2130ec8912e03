package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"regexp"
)

//go:embed glossary.tmpl
var glossaryTemplate string

// term is one word of the project.
type term struct {
	Word, Meaning string
	Name, File    string // where the word stands in the code
}

// terms is every word that means something of its own here, in the order in which a reader needs them.
var terms = []struct {
	Title string
	Terms []term
}{
	{"The log", []term{
		{"event type", "The stored name of a kind of event, such as `order.placed`; it never changes its meaning.", "Type", "eventstore/codec/codec.go"},
		{"position", "An event's place in the whole log: 1, 2, 3 and so on, without gaps, in the order of commits.", "Position", "eventstore/event.go"},
		{"stream", "The events about one thing, such as `order-123`.", "Stream", "eventstore/event.go"},
		{"category", "The kind of a stream: what stands before its first hyphen, such as `order`.", "Category", "domain/order/state.go"},
		{"version", "An event's place in its stream, from 1; a command is written only at the versions that it saw.", "Version", "eventstore/event.go"},
		{"receipt", "The stored answer to a command, by its key: the same command again gets the same answer and is not done twice.", "Receipt", "eventstore/request.go"},
	}},
	{"Deciding", []term{
		{"decider", "The rules of one kind of stream as pure functions: `decide` makes events of a command, `evolve` folds them.", "Decider", "domain/decider/decider.go"},
		{"snapshot", "What a long stream's events fold to at one version, kept so that a load need not begin at its start.", "Snapshots", "app/snapshots.go"},
		{"process manager", "The rules between streams: the checkout, which takes an order from placed to its end.", "Step", "domain/checkout/step.go"},
		{"letter", "A message that comes in over HTTP or a broker, such as `payment.completed`.", "Letter", "app/inbox.go"},
		{"message", "A letter together with what became of it.", "Message", "app/messages.go"},
		{"inbox", "Where letters of a broker are taken in; each is acknowledged when its outcome is committed.", "Inbox", "app/inbox.go"},
		{"failed", "A letter from a broker that was refused, and is kept with its bytes and the reason.", "failed", "app/messages.go"},
	}},
	{"Money and stock", []term{
		{"account", "The money of one order: what was asked for, arrived, and went back.", "State", "domain/payment/state.go"},
		{"capture", "Money that arrived, whether or not it is due.", "Capture", "domain/payment/state.go"},
		{"claim", "The identity of a capture, taken in a stream of its own, so that the same money is never counted twice.", "Claimed", "domain/payment/claim.go"},
		{"unmatched", "Money without an order: it waits for one, and goes back if none comes.", "Unmatched", "domain/payment/event.go"},
		{"review", "A question about money that only a person can answer.", "Review", "domain/payment/state.go"},
		{"reservation", "Units of a SKU held for an order: soft until they expire, hard once the order is paid.", "Reservation", "domain/inventory/state.go"},
		{"stock receipt", "Goods that came in, with an id, so that the same delivery is counted once.", "StockReceiptID", "domain/inventory/event.go"},
	}},
	{"Following the log", []term{
		{"consumer", "Whoever follows the log event by event: a projector or a reactor.", "Consumer", "eventstore/subscription/consumer.go"},
		{"projector", "A consumer that keeps rows, and commits them together with its checkpoint.", "Projector", "eventstore/subscription/subscription.go"},
		{"reactor", "A consumer that does something outside, at least once, made harmless to do twice by ids.", "Reactor", "eventstore/subscription/subscription.go"},
		{"checkpoint", "How far a consumer is: the log's id, a position, and the id of the event there.", "Checkpoint", "eventstore/checkpoint.go"},
		{"lease", "The right of one process to run a consumer, for 5 seconds unless it is renewed.", "lease", "eventstore/subscription/lease.go"},
		{"epoch", "The number of a lease's owner: a write under an older number is refused.", "epoch", "eventstore/subscription/lease.go"},
		{"parked", "A key (an order, a SKU) that one consumer could not handle; what comes for it is skipped and noted, and the others go on.", "ParkedKey", "eventstore/subscription/parked.go"},
		{"relay", "The reactor that publishes the log on a transport.", "Relay", "messaging/relay.go"},
		{"feed", "What wakes a consumer with copies of events from a transport; it may lose all of them and nothing is lost.", "Feed", "eventstore/subscription/subscription.go"},
	}},
	{"Read models", []term{
		{"projection", "The definition of a read model: its row, the keys an event concerns, and a pure fold.", "Projection", "projections/projection.go"},
		{"read model", "The rows that a projection makes of the log, as queries read them; they can always be made again.", "Model", "projections/model.go"},
		{"generation", "One build of a read model, in tables of its own.", "generation", "projections/model.go"},
		{"frozen generation", "A generation that is filled up to a position and stays as of then, for an hour.", "Frozen", "projections/frozen.go"},
		{"rebuild", "Making the next generation from the log while the live one goes on.", "Rebuild", "projections/rebuild.go"},
		{"rollback", "Going back to the generation that was live before, caught up, by the same cut-over.", "Rollback", "projections/rollback.go"},
		{"cut-over", "Changing from the live generation to the next, at the same position, in one transaction.", "cutOver", "projections/rebuild.go"},
	}},
}

// glossary explains the words of the project, and refuses one that is not where it says it is.
func glossary(root fs.FS) ([]byte, error) {
	for _, section := range terms {
		for _, t := range section.Terms {
			if err := stands(root, t.Name, t.File); err != nil {
				return nil, fmt.Errorf("%s: %w", t.Word, err)
			}
		}
	}
	return filled(glossaryTemplate, terms)
}

// stands reports whether a name is in a file of the code.
func stands(root fs.FS, name, file string) error {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return err
	}
	if !regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).Match(text) {
		return fmt.Errorf("there is no %s in %s", name, file)
	}
	return nil
}
