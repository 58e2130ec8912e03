package subscription

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// Database is one database as consumers and read models use it, through database/sql with SQL that runs unchanged on
// SQLite and Postgres ($1 placeholders, now_ms() for the database's clock in ms since 1970). Write takes one
// transaction at a time on SQLite; Read is a pool that never waits for it. On Postgres both are the same pool.
type Database struct{ Write, Read *sql.DB }

// Delivery is a record with its place among its neighbours, as a feed or the log brings it.
type Delivery struct {
	eventstore.Record
	LogID      uuid.UUID
	PreviousID uuid.UUID // event_id of the record one position before; zero at position 1
	CommandEnd bool      // the last record of its command
}

// Work is what one key gets out of a batch: its deliveries, in order.
type Work struct {
	Key        string
	Deliveries []Delivery
}

// Keys tells which keys (an order's id, a SKU) a record concerns for one consumer; none: the consumer ignores it.
// Order, parallel work, retry and parking go by key. An error is a reason to Stop.
type Keys func(eventstore.Record) ([]string, error)

// Projector writes rows. See package projections for the one that folds by key.
type Projector interface {
	// Name is the consumer's name, also its row in the table of consumers.
	Name() string
	Keys(eventstore.Record) ([]string, error)
	// Apply writes the batch's rows in tx, which the runtime commits together with the checkpoint. Any error rolls all of
	// it back: a Parked error parks that key and the rest is applied anew, a Stop ends the consumer, anything else is
	// taken to be transient and tried again.
	Apply(ctx context.Context, tx *sql.Tx, batch []Work) error
}

// Reactor acts on the world: it sends commands, mail, or the records themselves.
type Reactor interface {
	Name() string
	Keys(eventstore.Record) ([]string, error)
	// React handles one key's part of a batch. Keys of one batch run side by side, a key's own batches one after another. It is
	// called at least once for every record, so it must be harmless to call twice. Errors are as for Apply.
	React(ctx context.Context, work Work) error
}

// Feed brings a consumer its records while the consumer holds its lease.
type Feed interface {
	// Name of the transport, for logs and tracking: inprocess, amqp, redis.
	Name() string
	// Run calls deliver for what the transport brings after from, in any order and any number of times, until ctx ends.
	// deliver returns nil once the record is behind the consumer's checkpoint: only then may the message be acknowledged.
	// When Run returns early it is started again from the checkpoint after a pause.
	Run(ctx context.Context, consumer string, from eventstore.Checkpoint, deliver func(context.Context, Delivery) error) error
}

// ParkError says that one key can not be handled, now or by trying again.
type ParkError struct {
	Key string
	Err error
}

// Park makes the error that parks a key.
func Park(key string, err error) error { return &ParkError{key, err} }

func (e *ParkError) Error() string { return fmt.Sprintf("key %q can not be handled: %v", e.Key, e.Err) }
func (e *ParkError) Unwrap() error { return e.Err }

var (
	// ErrStop marks what must stop a consumer loudly and must never be parked: an event type or schema version it does not know.
	ErrStop = errors.New("consumer must stop")
	// ErrDiverged means the checkpoint's event is not in the log at its position: the log was swapped or restored from an older backup.
	ErrDiverged = errors.New("log diverged from checkpoint")
	// ErrLeaseLost means another owner has taken the consumer over; nothing was written.
	ErrLeaseLost = errors.New("lease lost")
)
