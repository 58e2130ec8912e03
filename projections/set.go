package projections

import (
	"context"
	"fmt"
	"sync"

	"ordermill/eventstore/subscription"
)

// ReadModel is a Model as operators see it, whatever its rows are.
type ReadModel interface {
	Name() string
	Run(ctx context.Context, options ...subscription.Option)
	WaitFor(ctx context.Context, position int64) error
	Status(ctx context.Context) (Status, error)
	Rebuilder
	Freezer
}

// Rebuilder builds a read model anew from the log, goes back to the one before, or checks it against the log.
type Rebuilder interface {
	Rebuild(ctx context.Context) error
	Cancel(ctx context.Context) error
	Rollback(ctx context.Context) error
	Progress(ctx context.Context) (Progress, error)
	Verify(ctx context.Context) (Report, error)
}

// Freezer keeps a read model as of a position, for an hour.
type Freezer interface {
	Freeze(ctx context.Context, position int64) (Frozen, error)
	Frozen(ctx context.Context, generation int64) (Frozen, error)
}

// Set is the read models of one program.
type Set []ReadModel

// Find returns a read model by its name, or ErrUnknownProjection.
func (s Set) Find(name string) (ReadModel, error) {
	for _, m := range s {
		if m.Name() == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("%w: %.80q", ErrUnknownProjection, name)
}

// Run runs all of them until ctx ends.
func (s Set) Run(ctx context.Context, options ...subscription.Option) {
	var running sync.WaitGroup
	for _, m := range s {
		running.Go(func() { m.Run(ctx, options...) })
	}
	running.Wait()
}

// WaitFor returns once all of them hold everything up to position; or ctx's error.
func (s Set) WaitFor(ctx context.Context, position int64) error {
	for _, m := range s {
		if err := m.WaitFor(ctx, position); err != nil {
			return err
		}
	}
	return nil
}

// Statuses tells how all of them are.
func (s Set) Statuses(ctx context.Context) ([]Status, error) {
	all := make([]Status, len(s))
	for i, m := range s {
		var err error
		if all[i], err = m.Status(ctx); err != nil {
			return nil, err
		}
	}
	return all, nil
}
