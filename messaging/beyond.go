package messaging

import (
	"context"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// Keeper is a Transport that keeps what was published on it, and can be asked for it.
type Keeper interface {
	// Last is the highest position of a record that it holds; 0: it holds none.
	Last(ctx context.Context) (int64, error)
	// EventAt is the id of the record that it holds at a position; zero: it holds none there (any more).
	EventAt(ctx context.Context, position int64) (uuid.UUID, error)
}

// Reader is the log.
type Reader interface {
	Read(ctx context.Context, query eventstore.Query) ([]eventstore.Record, error)
}

// Beyond tells which positions, from first to last, a keeper holds records at that the log has not, or has other events at; 0 and 0 if
// there are none. There are after the log was restored from an older backup. Up to some position both agree, so the first is found
// by halving.
func Beyond(ctx context.Context, log Reader, keeper Keeper) (first, last int64, err error) {
	last, err = keeper.Last(ctx)
	if err != nil || last == 0 {
		return 0, 0, err
	}
	agree, differ := int64(0), last+1
	for try := last; agree+1 < differ; try = agree + (differ-agree)/2 {
		same, err := agreeAt(ctx, log, keeper, try)
		if err != nil {
			return 0, 0, err
		}
		if same {
			agree = try
		} else {
			differ = try
		}
	}
	if differ > last {
		return 0, 0, nil
	}
	return differ, last, nil
}

// agreeAt asks the keeper first: what it holds of this log was in the log before. What it holds no more counts as the same.
func agreeAt(ctx context.Context, log Reader, keeper Keeper, position int64) (bool, error) {
	held, err := keeper.EventAt(ctx, position)
	if err != nil || held == uuid.Nil {
		return true, err
	}
	records, err := log.Read(ctx, eventstore.Query{After: position - 1, Limit: 1})
	return len(records) > 0 && records[0].EventID == held, err
}
