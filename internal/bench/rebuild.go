package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
	"ordermill/projections"
	"ordermill/projections/orders"
)

// rebuild compares building the read model of orders from a log with only reading that log.
func (b *bench) rebuild(ctx context.Context, s *shop) error {
	head, err := s.events.Head(ctx)
	if err != nil {
		return err
	}
	var db subscription.Database
	db.Write, db.Read = s.Read()
	done := make(chan projections.Progress, 1)
	model := projections.New(orders.Projection, s.events, db, subscription.Owner{ID: uuid.NewString(), Sole: true},
		projections.WithLogger(slog.New(slog.DiscardHandler)),
		projections.WithProgress(func(p projections.Progress) {
			if p.Status != projections.Running {
				done <- p
			}
		}))
	running, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() { defer close(stopped); model.Run(running) }()
	defer func() { stop(); <-stopped }()
	if p := <-done; p.Status != projections.Done { // the first generation
		return fmt.Errorf("building orders: %s", p.Error)
	}

	perSecond := func(begin time.Time) (rate, error) {
		return rate{perSecond: float64(head.Position) / time.Since(begin).Seconds()}, nil
	}
	pairs, err := interleave(b.rounds,
		func() (rate, error) {
			begin := time.Now()
			if err := model.Rebuild(ctx); err != nil {
				return rate{}, err
			}
			if p := <-done; p.Status != projections.Done {
				return rate{}, fmt.Errorf("rebuilding orders: %s", p.Error)
			}
			return perSecond(begin)
		},
		func() (rate, error) {
			begin := time.Now()
			for position := int64(0); position < head.Position; {
				records, err := s.events.Read(ctx, eventstore.Query{After: position, Limit: eventstore.MaxPage})
				if err != nil {
					return rate{}, err
				}
				position = records[len(records)-1].Position
			}
			return perSecond(begin)
		})
	if err != nil {
		return err
	}
	l := line{what: fmt.Sprintf("rebuild orders from %d events, Postgres (baseline: reading them)", head.Position), unit: "events/s"}
	for _, p := range pairs {
		l.ours, l.theirs = append(l.ours, p.ours.perSecond), append(l.theirs, p.theirs.perSecond)
	}
	b.print(l)
	return nil
}
