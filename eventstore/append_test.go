package eventstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

// scripted is a driver whose appends end as they are told to, one after another.
type scripted struct {
	ends []error
	rows []eventstore.Rows
}

func (d *scripted) Append(_ context.Context, _ eventstore.Lookup, plan func(eventstore.Snapshot) eventstore.Rows) error {
	d.rows = append(d.rows, plan(eventstore.Snapshot{}))
	return d.ends[len(d.rows)-1]
}

func (*scripted) Read(context.Context, eventstore.Query) ([]eventstore.Record, error) {
	return nil, nil
}
func (*scripted) LogID() uuid.UUID                                { return uuid.Nil }
func (*scripted) Notify(context.Context, int64)                   {}
func (*scripted) Close() error                                    { return nil }
func (*scripted) Listen(ctx context.Context, _ func(int64)) error { <-ctx.Done(); return ctx.Err() }

func TestAppend_databaseGoneWhileFindingTheCulprit_tellsEachRequest(t *testing.T) {
	gone := fmt.Errorf("%w: gone", eventstore.ErrUnavailable)
	driver := &scripted{ends: []error{eventstore.ErrRejected, nil, gone}}
	store := eventstore.New(driver)
	defer func() { require.NoError(t, store.Close()) }()
	var batch []eventstore.Request
	for _, stream := range []string{"order-1", "order-2", "order-3"} {
		batch = append(batch, eventstore.Request{CommandID: uuid.New(), Expected: map[string]int64{stream: 0},
			Events: []eventstore.Event{{Stream: stream, Type: "test.happened", SchemaVersion: 1, Data: []byte(`{}`), Metadata: []byte(`{}`)}}})
	}
	outcomes, err := store.Append(t.Context(), batch)
	require.NoError(t, err, "the first is in the log, so it is not about the whole batch")
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}, eventstore.Failed{Err: gone}, eventstore.Failed{Err: gone}}, outcomes)
	require.Len(t, driver.rows, 3, "the last one is not tried")
}

func TestAppend_rolledBack_isTriedAgainWithTheSameEventIDs(t *testing.T) {
	driver := &scripted{ends: []error{eventstore.ErrRolledBack, eventstore.ErrRolledBack, nil}}
	store := eventstore.New(driver)
	defer func() { require.NoError(t, store.Close()) }()
	batch := []eventstore.Request{{CommandID: uuid.New(), Expected: map[string]int64{"order-1": 0},
		Events: []eventstore.Event{{Stream: "order-1", Type: "test.happened", SchemaVersion: 1, Data: []byte(`{}`), Metadata: []byte(`{}`)}}}}
	outcomes, err := store.Append(t.Context(), batch)
	require.NoError(t, err)
	require.Equal(t, []eventstore.Outcome{eventstore.Appended{First: 1, Last: 1}}, outcomes)
	require.Len(t, driver.rows, 3)
	first := driver.rows[0].Records[0].EventID
	require.NotEqual(t, uuid.Nil, first)
	for _, rows := range driver.rows {
		require.Equal(t, first, rows.Records[0].EventID)
	}
}
