package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"ordermill/app"
	"ordermill/domain/inventory"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

const (
	stillOpen = 20 // reservations of a long stream that are open at any time
	shortSize = 10 // events of the stream that it is compared with
	atATime   = 2000
	never     = 1 << 42 // ms since 1970: in more than a hundred years
)

func (b *bench) loadPostgres(ctx context.Context, name string) error {
	s, err := b.newShop(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return b.load(ctx, name, s)
}

func (b *bench) loadSQLite(ctx context.Context, name string) error {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	s, err := sqliteShop(ctx, folder)
	if err != nil {
		return err
	}
	defer s.close()
	return b.load(ctx, name, s)
}

// load compares the time to load a SKU's stream of so many events, from the snapshot that the shop's keeper made of it, with that
// of one of ten events. Neither is in a cache of ours, and the snapshot is as old as the keeper lets it become.
func (b *bench) load(ctx context.Context, name string, s *shop) error {
	long, short := &stockStream{s: s, sku: "LONG"}, &stockStream{s: s, sku: "SHORT"}
	if err := errors.Join(long.grow(ctx, b.events), short.grow(ctx, shortSize)); err != nil {
		return err
	}
	begin := time.Now()
	if _, _, err := s.kept.Stock(ctx, long.sku); err != nil {
		return err
	}
	fmt.Printf("%s: %d events without a snapshot in %.1f s\n", name, b.events, time.Since(begin).Seconds())
	if err := long.kept(ctx); err != nil {
		return err
	}
	if err := long.grow(ctx, app.SnapshotEvery-1); err != nil {
		return err
	}
	pairs, err := interleave(b.rounds, b.loads(ctx, long), b.loads(ctx, short))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	l := line{what: fmt.Sprintf("%s of %d events (baseline: of %d)", name, long.size, short.size), unit: "µs", bound: bound{atMost: true, must: 2}}
	for _, p := range pairs {
		l.ours, l.theirs = append(l.ours, micros(p.ours.latency)), append(l.theirs, micros(p.theirs.latency))
	}
	b.print(l)
	return nil
}

// loads makes a round of single loads.
func (b *bench) loads(ctx context.Context, stream *stockStream) func() (rate, error) {
	return func() (rate, error) {
		took := make([]time.Duration, b.fresh)
		for i := range took {
			begin := time.Now()
			stock, _, err := stream.s.kept.Stock(ctx, stream.sku)
			took[i] = time.Since(begin)
			if err == nil && stock.OnHand != stream.stock.OnHand {
				err = fmt.Errorf("%s: %d on hand, not %d", stream.sku, stock.OnHand, stream.stock.OnHand)
			}
			if err != nil {
				return rate{}, err
			}
		}
		return rate{calls: len(took), latency: median(took)}, nil
	}
}

// stockStream is the stream of a SKU of which one unit after the other is reserved, paid for and shipped.
type stockStream struct {
	s      *shop
	sku    string
	size   int64
	orders int
	stock  inventory.State
}

// grow writes so many events, with nobody's queue in between.
func (l *stockStream) grow(ctx context.Context, events int64) error {
	stream := eventstore.Stream(inventory.Category, l.sku)
	for end := l.size + events; l.size < end; {
		request := eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{stream: l.size}}
		for len(request.Events) < atATime && l.size < end {
			event := l.next()
			l.stock = inventory.Decider.Evolve(l.stock, event)
			l.size++
			name, version, data, err := codec.Encode(event)
			if err != nil {
				return err
			}
			request.Events = append(request.Events, eventstore.Event{Stream: stream, Type: name, SchemaVersion: version, Data: data, Metadata: []byte(`{"actor":"bench"}`)})
		}
		outcomes, err := l.s.events.Append(ctx, []eventstore.Request{request})
		if err != nil {
			return err
		}
		if _, ok := outcomes[0].(eventstore.Appended); !ok {
			return fmt.Errorf("writing %s: %#v", stream, outcomes[0])
		}
	}
	return nil
}

// next is what happens next: twenty orders hold a unit each, and one of them is paid and shipped when another comes.
func (l *stockStream) next() inventory.Event {
	switch {
	case l.size == 0:
		return inventory.ItemRegistered{SKU: l.sku}
	case l.size == 1:
		return inventory.Received{StockReceiptID: uuid.NewString(), Quantity: inventory.MaxQuantity}
	case len(l.stock.Reservations) < stillOpen:
		l.orders++
		id := orderID(l.orders)
		return inventory.Reserved{ReservationID: id, OrderID: id, Quantity: 1, ExpiresAt: never + int64(l.orders)}
	}
	id := orderID(l.orders - stillOpen + 1)
	if l.stock.Reservations[id].ExpiresAt > 0 {
		return inventory.ReservationSecured{ReservationID: id, OrderID: id, Quantity: 1}
	}
	return inventory.Committed{ReservationID: id, OrderID: id, ShipmentID: id, Quantity: 1}
}

func orderID(number int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(fmt.Sprint(number))).String()
}

// kept has a command load the stream, and waits for the snapshot that the keeper makes then.
func (l *stockStream) kept(ctx context.Context) error {
	_, err := l.s.desk.AdjustStock(ctx, app.Call{Actor: "bench"}, app.AdjustStock{SKU: l.sku, Delta: 1, Reason: "bench"})
	if err != nil {
		return err
	}
	l.stock.OnHand++
	l.size++
	for {
		var version int64
		_, read := l.s.Log()
		err := read.QueryRowContext(ctx, `SELECT version FROM snapshots WHERE stream = $1`, eventstore.Stream(inventory.Category, l.sku)).Scan(&version)
		if err == nil {
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		select {
		case <-time.After(idle):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
