package api

import (
	"context"

	"ordermill/app"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/history"
	"ordermill/projections"
)

// Desk decides commands. Its errors are refusals (*decider.Refusal), app's sentinels, or the event store's.
type Desk interface {
	LetterDesk
	CatalogueDesk
	OrderDesk
	MoneyDesk
	CaseDesk
}

// LetterDesk takes letters.
type LetterDesk interface {
	Message(ctx context.Context, call app.Call, raw []byte) (app.Answer, error)
	// Batch keeps the answer to a request of many letters; run decides them.
	Batch(ctx context.Context, call app.Call, run func() (result any, position int64, err error)) (app.Answer, error)
}

// CatalogueDesk keeps products and their stock.
type CatalogueDesk interface {
	RegisterProduct(ctx context.Context, call app.Call, command app.RegisterProduct) (app.Answer, error)
	ChangePrice(ctx context.Context, call app.Call, sku string, priceMinor int64) (app.Answer, error)
	RenameProduct(ctx context.Context, call app.Call, sku, name string) (app.Answer, error)
	Discontinue(ctx context.Context, call app.Call, sku string) (app.Answer, error)
	ReceiveStock(ctx context.Context, call app.Call, command app.ReceiveStock) (app.Answer, error)
	AdjustStock(ctx context.Context, call app.Call, command app.AdjustStock) (app.Answer, error)
}

// OrderDesk takes an order from its placing to its delivery.
type OrderDesk interface {
	PlaceOrder(ctx context.Context, call app.Call, command app.PlaceOrder) (app.Answer, error)
	CancelOrder(ctx context.Context, call app.Call, orderID, reason string) (app.Answer, error)
	ShipOrder(ctx context.Context, call app.Call, command app.ShipOrder) (app.Answer, error)
	DeliverShipment(ctx context.Context, call app.Call, orderID, shipmentID string) (app.Answer, error)
}

// MoneyDesk takes an order's money in, and sends it back.
type MoneyDesk interface {
	RecordPayment(ctx context.Context, call app.Call, command app.RecordPayment) (app.Answer, error)
	RefundOrder(ctx context.Context, call app.Call, command app.RefundOrder) (app.Answer, error)
	CompleteRefund(ctx context.Context, call app.Call, orderID, refundID string) (app.Answer, error)
	FailRefund(ctx context.Context, call app.Call, orderID, refundID, code string) (app.Answer, error)
}

// CaseDesk takes what people decide about money that the checkout cannot decide about.
type CaseDesk interface {
	// Recall finds the answer kept under a call's key, for when the case is in no read model any more.
	Recall(ctx context.Context, call app.Call) (kept app.Answer, found bool, err error)
	MatchUnmatched(ctx context.Context, call app.Call, orderID, captureID, toOrderID string) (app.Answer, error)
	RefundUnmatched(ctx context.Context, call app.Call, orderID, captureID string) (app.Answer, error)
	ResolveReview(ctx context.Context, call app.Call, command app.ResolveReview) (app.Answer, error)
}

// Log is the event store as queries see it.
type Log interface {
	Read(ctx context.Context, query eventstore.Query) ([]eventstore.Record, error)
	Head(ctx context.Context) (eventstore.Tail, error)
	Watch() (grown <-chan struct{}, stop func())
}

// Rows are a read model's queries.
type Rows[R any] interface {
	Get(ctx context.Context, key string) (projections.Found[R], error)
	List(ctx context.Context, query projections.Query) (projections.Page[R], error)
	// WaitFor returns once the rows hold everything up to position; or ctx's error.
	WaitFor(ctx context.Context, position int64) error
}

// Finder tells on which order's account something stands that people name by an id of its own. That is where a command about
// it is sent; what may be done is decided there. projections.ErrNotFound: nothing with this id has been seen.
type Finder interface {
	// OrderOfCapture finds money that came without an order, also after somebody decided about it: whose account it came to.
	OrderOfCapture(ctx context.Context, captureID string) (orderID string, err error)
	// OrderOfReview finds a review, open or not.
	OrderOfReview(ctx context.Context, reviewID string) (orderID string, err error)
	// DecisionOnReview tells how a review was resolved; "" if it was open when the read model last looked.
	DecisionOnReview(ctx context.Context, reviewID string) (decision string, err error)
}

// History tells what happened, from the streams themselves. Its errors are history.ErrNotFound, or the event store's.
type History interface {
	// Movements returns at most limit events of a SKU's stock after a version; more tells that there are others.
	Movements(ctx context.Context, sku string, after int64, limit int) (page []history.Movement, more bool, err error)
	// Reservations returns the open ones of a SKU, by order id, and the position of its last event.
	Reservations(ctx context.Context, sku string) ([]history.Reservation, int64, error)
	Story(ctx context.Context, orderID string) (*history.Story, error)
	// Latest is the last version of a stream, and States are what commands on it are decided on at some versions: also
	// history.ErrUnknownCategory, ErrNotReached and ErrUnreadable.
	Latest(ctx context.Context, stream string) (int64, error)
	States(ctx context.Context, stream string, versions ...int64) ([]history.State, error)
}

// Messages are the letters that arrived.
type Messages interface {
	Message(ctx context.Context, id string) (app.Message, error)
	// List returns up to limit letters before the given message id, newest first; "" starts at the newest.
	List(ctx context.Context, before string, limit int) ([]app.Message, error)
}

// Mailbox holds the mails that were kept instead of sent.
type Mailbox interface {
	// List returns up to limit mails after the given Message-ID, in their order; "" starts at the first.
	List(ctx context.Context, after string, limit int) ([]app.Mail, error)
}

// Consumers tells how far the readers of the log have come, wherever they run.
type Consumers interface {
	// Statuses lists every projector and reactor of all databases, by name.
	Statuses(ctx context.Context) ([]subscription.Status, error)
	// Handled tells what one consumer made of the record at position.
	Handled(ctx context.Context, consumer string, position int64) (subscription.Handling, error)
	// Parked lists the keys that consumers could not handle, and Skipped the first positions that one of them waits with.
	Parked(ctx context.Context) ([]subscription.ParkedKey, error)
	Skipped(ctx context.Context, consumer, key string, limit int) ([]int64, error)
	// Ask leaves word that a parked key is to be retried or discarded: ErrNotParked.
	Ask(ctx context.Context, consumer, key, what, reason string) error
}
