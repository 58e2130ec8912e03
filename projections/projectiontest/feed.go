package projectiontest

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// hostile is a transport that loses a third of what it carries, doubles a third, and shuffles the rest.
type hostile struct {
	store *eventstore.Store
	seed  uint64
}

func (h hostile) Name() string { return "hostile" }

func (h hostile) Run(ctx context.Context, _ string, _ eventstore.Checkpoint, deliver func(context.Context, subscription.Delivery) error) error {
	random := rand.New(rand.NewPCG(h.seed, 0))
	grown, stop := h.store.Watch()
	defer stop()
	for ctx.Err() == nil {
		records, err := h.store.Read(ctx, eventstore.Query{Limit: eventstore.MaxPage}) // from the start, again and again
		if err != nil {
			return err
		}
		var running sync.WaitGroup
		for _, d := range mangle(random, h.store.LogID(), records) {
			running.Go(func() { _ = deliver(ctx, d) }) // a lost acknowledgement is one more thing that may happen
		}
		running.Wait()
		select {
		case <-ctx.Done():
		case <-grown:
		}
	}
	return ctx.Err()
}

func mangle(random *rand.Rand, logID uuid.UUID, records []eventstore.Record) (deliveries []subscription.Delivery) {
	previous := uuid.Nil
	for i, record := range records {
		d := subscription.Delivery{Record: record, LogID: logID, PreviousID: previous}
		d.CommandEnd = i == len(records)-1 || records[i+1].CommandID != record.CommandID
		previous = record.EventID
		for range random.IntN(3) {
			deliveries = append(deliveries, d)
		}
	}
	random.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
	return deliveries
}
