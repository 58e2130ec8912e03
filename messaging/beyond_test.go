package messaging_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/messaging"
)

// held is what a keeper holds, by position from 1; zero: no more.
type held []uuid.UUID

func (h held) Last(context.Context) (int64, error) { return int64(len(h)), nil }

func (h held) EventAt(_ context.Context, position int64) (uuid.UUID, error) {
	return h[position-1], nil
}

// logged is a log of these events.
type logged []uuid.UUID

func (l logged) Read(_ context.Context, q eventstore.Query) (found []eventstore.Record, err error) {
	for at := q.After; at < int64(len(l)) && len(found) < q.Limit; at++ {
		found = append(found, eventstore.Record{Position: at + 1, EventID: l[at]})
	}
	return found, nil
}

func TestBeyond_firstAndLastThatTheLogHasNot(t *testing.T) {
	ids := func(n int) (all []uuid.UUID) {
		for range n {
			all = append(all, uuid.New())
		}
		return all
	}
	published := ids(100)
	trimmed := append(make([]uuid.UUID, 90), published[90:]...)
	for name, c := range map[string]struct {
		log         logged
		held        held
		first, last int64
	}{
		"nothing published":          {log: published},
		"all of it":                  {log: published, held: published},
		"the relay is behind":        {log: published, held: published[:40]},
		"the log is shorter":         {log: published[:60], held: published, first: 61, last: 100},
		"and empty":                  {held: published, first: 1, last: 100},
		"by one":                     {log: published[:99], held: published, first: 100, last: 100},
		"it has gone on since":       {log: append(published[:60:60], ids(200)...), held: published, first: 61, last: 100},
		"the stream is trimmed":      {log: published[:95], held: trimmed, first: 96, last: 100},
		"trimmed beyond what agrees": {log: published[:60], held: trimmed, first: 91, last: 100},
		"another log":                {log: ids(100), held: published, first: 1, last: 100},
	} {
		t.Run(name, func(t *testing.T) {
			first, last, err := messaging.Beyond(t.Context(), c.log, c.held)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(c.first, c.last), fmt.Sprint(first, last))
		})
	}
}
