package program

import (
	"context"
	"errors"
	"slices"

	"ordermill/app"
	"ordermill/domain/checkout"
	"ordermill/projections"
	"ordermill/projections/timers"
)

// dueTimers is the read model of timers as app fires them: neither package knows the other.
type dueTimers struct{ *timers.Model }

var _ app.DueTimers = dueTimers{}

// Due tells, of the orders that have a timer whose time has come, those timers; none while the read model is built for the
// first time.
func (d dueTimers) Due(ctx context.Context, limit int, from string) (due []app.Due, next string, now int64, err error) {
	rows, next, now, err := timers.Due(ctx, d.Model, limit, from)
	if errors.Is(err, projections.ErrNotReady) {
		return nil, "", now, nil
	}
	for _, row := range rows {
		later := func(p checkout.Pending) bool { return p.At > now }
		due = append(due, app.Due{OrderID: row.OrderID, Pending: slices.DeleteFunc(row.Pending(), later)})
	}
	return due, next, now, err
}
